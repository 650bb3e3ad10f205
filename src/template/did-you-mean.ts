/** The candidate that the reader most likely meant, or nothing when none is near. Case counts for nothing. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  const [best] = candidates
    .map(candidate => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase(), limit) }))
    .filter(({ distance }) => distance < limit)
    // Of equally near ones that which begins alike: people mistype the end.
    .sort((a, b) => a.distance - b.distance || sameStart(wanted, b.candidate) - sameStart(wanted, a.candidate));
  if (best !== undefined) return best.candidate;
  return wanted.length < 4 ? undefined : candidates.find(one => one.toLowerCase().endsWith(wanted));
}

function sameStart(word: string, candidate: string): number {
  const other = candidate.toLowerCase();
  let length = 0;
  while (length < word.length && word[length] === other[length]) length++;
  return length;
}

/** ` Did you mean …?`, or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
}

/** Levenshtein distance; `limit` when it is at least that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return Math.min(row[b.length] ?? limit, limit);
}
