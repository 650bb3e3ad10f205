import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Segment } from './json-document.ts';

export interface Explained {
  readonly path: readonly Segment[];
  /** What is there; `undefined` when something is missing. */
  readonly value: unknown;
  /** A sentence that stands on its own. */
  readonly message: string;
}

/** Says in the reader's terms what zod found. `input` is what was parsed. */
export function explain(issue: z.core.$ZodIssue, input: unknown): Explained[] {
  const path = issue.path.map(segment => (typeof segment === 'number' ? segment : String(segment)));
  const value = path.reduce<unknown>((at, segment) => (at as Record<Segment, unknown> | undefined)?.[segment], input);
  const field = nameOf(path);
  const say = (what: string): Explained[] => [{ path, value, message: `${field} ${what}.` }];
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return say('is needed');
      if (issue.expected === 'array' && typeof value === 'string' && LISTS_OF_TEXT.has(path.at(-1) ?? '')) {
        return say(`must be an array of strings, e.g. \`"${path.at(-1) ?? ''}": [${shorten(JSON.stringify(value))}]\``);
      }
      return say(`must be ${EXPECTED[issue.expected] ?? issue.expected}, not ${kindOf(value)}`);
    case 'invalid_value': {
      if (value === undefined) return say('is needed');
      const allowed = issue.values.map(String);
      const hint = typeof value === 'string' ? didYouMean(value, allowed) : '';
      return [{ path, value, message: `${field} must be ${allowed.map(one => `\`${one}\``).join(' or ')}.${hint}` }];
    }
    case 'too_small':
      if (issue.origin === 'string') return say(issue.message);
      return say(`must be ${issue.minimum} or more`);
    case 'too_big':
      return say(`must be ${issue.maximum} or less`);
    default:
      return say(issue.message);
  }
}

/** Lists that documents and people write as one string. */
const LISTS_OF_TEXT: ReadonlySet<Segment> = new Set<Segment>([
  ...['inline', 'filters', 'replicationRegions', 'userAssignedIdentities'],
]);

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'an array',
  object: 'an object',
  record: 'an object of strings',
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value === null) return '`null`';
  return typeof value === 'object' ? 'an object' : `\`${shorten(JSON.stringify(value))}\``;
}

/** `` `scriptUri` ``, or `` `inline[2]` `` for an element. */
function nameOf(path: readonly Segment[]): string {
  const from = path.findLastIndex(segment => typeof segment === 'string');
  if (from < 0) return 'The value';
  return `\`${path
    .slice(from)
    .map((s, i) => (i === 0 ? s : `[${s}]`))
    .join('')}\``;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
