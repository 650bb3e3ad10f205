/** A run that waits for its turn, or is at work. */
export interface WaitingRun {
  readonly id: string;
  readonly templateKey: string;
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** How much of the host runs may take together. */
export interface Limits {
  readonly runs: number;
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** Resource group to when it had its turn last: a number that grows. */
export type LastTurns = ReadonlyMap<string, number>;

/** Those that take turns with each other: the resource groups of templates. */
export function groupOf({ templateKey }: Pick<WaitingRun, 'templateKey'>): string {
  return templateKey.split('/').slice(0, 5).join('/');
}

/**
 * The order in which runs begin. Resource groups take turns: next is the group that has the fewest runs at work and before this
 * place, of several the one whose turn was the longest ago, of several again the one whose run was accepted first. Within a
 * group runs begin in the order in which they were accepted.
 *
 * @param queued in the order in which they were accepted
 */
export function inTurn<T extends WaitingRun>(
  queued: readonly T[],
  atWork: readonly Pick<WaitingRun, 'templateKey'>[],
  lastTurns: LastTurns,
): readonly T[] {
  const groups = new Map<string, { waiting: T[]; taken: number; turn: number; place: number }>();
  for (const [place, run] of queued.entries()) {
    const name = groupOf(run);
    const group = groups.get(name) ?? { waiting: [], taken: 0, turn: lastTurns.get(name) ?? 0, place };
    group.waiting.push(run);
    groups.set(name, group);
  }
  for (const run of atWork) {
    const group = groups.get(groupOf(run));
    if (group !== undefined) group.taken += 1;
  }
  const all = [...groups.values()].sort((a, b) => a.turn - b.turn || a.place - b.place);
  const order: T[] = [];
  // Round after round; a group joins in the round that is as high as the number of its runs at work.
  for (let round = 0; order.length < queued.length; round += 1) {
    for (const group of all) {
      const next = group.waiting[round - group.taken];
      if (next !== undefined) order.push(next);
    }
  }
  return order;
}

/**
 * How many of `ordered`, from its beginning, there is room for beside what is at work. None is overtaken by a smaller one behind
 * it: it would wait for ever. One that alone is more than the limits runs alone.
 */
export function fitting(ordered: readonly WaitingRun[], atWork: readonly WaitingRun[], limits: Limits): number {
  const used = { runs: atWork.length, cpus: 0, memoryMiB: 0 };
  const take = ({ cpus, memoryMiB }: WaitingRun) => {
    used.cpus += cpus;
    used.memoryMiB += memoryMiB;
  };
  for (const run of atWork) take(run);
  let count = 0;
  for (const run of ordered) {
    take(run);
    used.runs += 1;
    const fits = used.runs <= limits.runs && used.cpus <= limits.cpus && used.memoryMiB <= limits.memoryMiB;
    if (!fits && used.runs > 1) break;
    count += 1;
  }
  return count;
}
