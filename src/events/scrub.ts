import type { BuildEvent } from './build-event.ts';
import { formsOf } from './secret-forms.ts';
import { textFinder } from './text-finder.ts';

/** Replaces every known secret in a text. */
export interface Scrub {
  (text: string): string;
  /** How many characters at the end of a text must not be parted from the next one: a secret may go on there. */
  open(text: string): number;
}

const MARK = '***';

/** Signature parameters of shared-access URLs: whoever has the URL has the blob. */
const SIGNATURES = /([?&](?:sig|X-Amz-Signature|X-Amz-Security-Token|access_token)=)[^&\s"']+/gi;
// Only the end of the scheme is looked at: to look for its beginning would be to look at a long word from each of its letters.
const USER_INFO = /([a-z0-9+.-]:\/\/)[^/\s:@]{1,1024}:[^/\s@]{1,1024}@/gi;
const BASE64 = /[A-Za-z0-9+/_-]/;
/** A character and `==`. */
const BEHIND_BASE64 = 3;

/** A scrubber for the given secrets, however they are written (`formsOf`). */
export function scrubber(secrets: Iterable<string> = []): Scrub {
  const forms = [...new Set(secrets)].flatMap(formsOf);
  const finder = textFinder(forms.map(({ text }) => text));
  const known = (text: string): string => {
    let out = '';
    let done = 0;
    for (const [start, end] of merged(finder.find(text).hits.map(hit => widened(text, hit, forms[hit.text]?.base64)))) {
      out += text.slice(done, start) + MARK;
      done = end;
    }
    return out + text.slice(done);
  };
  const scrub = (text: string): string => {
    const out = forms.length === 0 ? text : known(text);
    return out.replace(SIGNATURES, `$1${MARK}`).replace(USER_INFO, `$1${MARK}@`);
  };
  const open = (text: string): number => {
    const { hits, open: beginning } = finder.find(text);
    // A secret that ends in what is held back is held back as well.
    let cut = text.length - beginning;
    for (const { start, end, text: form } of hits.toReversed()) {
      const reach = forms[form]?.base64 === true ? end + BEHIND_BASE64 : end;
      if (start < cut && reach > cut) cut = start;
    }
    return text.length - cut;
  };
  return Object.assign(scrub, { open });
}

/** The event with every string in it scrubbed. */
export function scrubEvent(scrub: Scrub, event: BuildEvent): BuildEvent {
  return scrubValue(scrub, event) as BuildEvent;
}

/** The JSON value with every string in it scrubbed, but for the names of properties. */
function scrubValue(scrub: Scrub, value: unknown): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map(v => scrubValue(scrub, v));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, scrubValue(scrub, v)]));
  }
  return value;
}

type Interval = readonly [start: number, end: number];

/** The characters on both sides hold some bits of the secret, and without `=` nobody sees how long it was. */
function widened(text: string, { start, end }: { start: number; end: number }, base64 = false): Interval {
  if (!base64) return [start, end];
  const from = BASE64.test(text.charAt(start - 1)) ? start - 1 : start;
  let to = BASE64.test(text.charAt(end)) ? end + 1 : end;
  while (to < end + BEHIND_BASE64 && text.charAt(to) === '=') to += 1;
  return [from, to];
}

/** Those that overlap as one, in ascending order. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const all: Interval[] = [];
  for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = all.at(-1);
    if (last === undefined || start >= last[1]) all.push([start, end]);
    else all[all.length - 1] = [last[0], Math.max(last[1], end)];
  }
  return all;
}
