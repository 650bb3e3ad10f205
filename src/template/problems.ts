import type { ErrorDetail, KilnError } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import type { JsonDocument, Position, Segment } from './json-document.ts';
import { aibSentence, type ProblemShape } from './message.ts';
import type { ServiceCode } from './service-code.ts';

/** Kiln's own codes; what the service has a code for has that (`service-code.ts`). */
export type ProblemCode =
  | 'BadValue'
  | 'DuplicateField'
  | 'MissingField'
  | 'Placeholder'
  | 'UnknownField'
  | 'UnresolvedExpression'
  | 'UnsupportedApiVersion';

/** So many problems are told of, and so many warnings; a file may have one in each of its bytes. */
export const MOST_PROBLEMS = 100;
/** A name or a value of the file may be as long as the file, and stand in every message. */
const LONGEST_MESSAGE = 1000;
const LONGEST_TARGET = 500;

export type WarningCode =
  | 'DestinationOutsideTmp'
  | 'FilterWithoutVerb'
  | 'IgnoredResource'
  | 'IncompleteType'
  | 'MissingApiVersion'
  | 'MissingIdentity'
  | 'NewerType'
  | 'NoEffect'
  | 'OlderName'
  | 'ReadOnlyField'
  | 'TrailingComma'
  | 'UnknownField'
  | 'PlaceholderFilled';

interface Found {
  readonly path: readonly Segment[];
  readonly shape: ProblemShape;
  readonly detail: ErrorDetail;
  readonly order: number;
}

/** Gathers everything that is wrong with one template, each thing with its place in the file. */
export interface Problems {
  /** `path` is below the resource. Of several problems at one path the first counts: the others follow from it. */
  error(code: ProblemCode | ServiceCode, path: readonly Segment[], message: string, shape: ProblemShape): void;
  warning(code: WarningCode, path: readonly Segment[], message: string, what?: 'key' | 'value'): void;
  /** A warning about the file's form at a place of it. */
  formWarning(code: WarningCode, position: Position, message: string): void;
  /** A warning about something beside the resource: `path` is from the top of the file. */
  fileWarning(code: WarningCode, path: readonly Segment[], message: string): void;
  readonly warnings: readonly ErrorDetail[];
  readonly failed: boolean;
  /** Whether there were more of them than are told of: to find words for others is of no use. */
  isFull(of: 'problems' | 'warnings'): boolean;
  /** The error that says it all, with the warnings among its details; or nothing when there was no problem. */
  toError(apiVersion: string, file: string): KilnError | undefined;
}

/** `prefix` leads from the top of the file to the resource. */
export function createProblems(document: JsonDocument, prefix: readonly Segment[]): Problems {
  const found = new Map<string, Found>();
  const warnings = new Map<string, ErrorDetail>();
  const more = { problems: false, warnings: false };
  const note = (key: string, warning: () => ErrorDetail): void => {
    if (warnings.has(key) || warnings.size < MOST_PROBLEMS) warnings.set(key, warning());
    else more.warnings = true;
  };
  const warn = (code: WarningCode, full: readonly Segment[], target: string, message: string, what: 'key' | 'value') =>
    note(`${code} ${full.join('\0')}`, () => ({
      code,
      message: shorten(message, LONGEST_MESSAGE),
      target: shorten(target, LONGEST_TARGET),
      severity: 'warning',
      ...document.locate(full, what),
    }));
  return {
    error(code, path, message, shape) {
      if (more.problems) return;
      const key = path.join('\0');
      if (found.has(key)) return;
      if (found.size === MOST_PROBLEMS) {
        more.problems = true;
        return;
      }
      const atKey = shape.kind === 'unknown' || shape.kind === 'duplicate';
      const detail = {
        code,
        message: shorten(message, LONGEST_MESSAGE),
        target: shorten(showPath(path), LONGEST_TARGET),
        ...document.locate([...prefix, ...path], atKey ? 'key' : 'value'),
      };
      found.set(key, { path, shape, order: found.size, detail });
    },
    warning(code, path, message, what = 'key') {
      if (!more.warnings) warn(code, [...prefix, ...path], showPath(path), message, what);
    },
    formWarning(code, position, message) {
      const key = `${code} ${position.line}:${position.column}`;
      note(key, () => ({ code, message, target: '', severity: 'warning', ...position }));
    },
    fileWarning(code, path, message) {
      if (!more.warnings) warn(code, path, showPath(path), message, 'value');
    },
    get warnings() {
      return [...[...warnings.values()].sort(byPlace), ...(more.warnings ? [MORE_WARNINGS] : [])];
    },
    get failed() {
      return found.size > 0;
    },
    isFull: of => more[of],
    toError(apiVersion, file) {
      const all = [...found.values()].sort((a, b) => byPlace(a.detail, b.detail) || a.order - b.order);
      const [first] = all;
      if (first === undefined) return undefined;
      const sentence = shorten(aibSentence(first.path, first.shape, apiVersion), LONGEST_MESSAGE);
      return templateError(
        'ValidationFailed',
        { first: `${sentence} ${first.detail.message}`, more: all.length - 1, file },
        {
          ...(first.detail.target === undefined ? {} : { target: first.detail.target }),
          details: [
            // A misspelt name is a warning in older versions, and often the reason why something is missing.
            ...[...all.map(one => one.detail), ...warnings.values()].sort(byPlace),
            ...(more.problems ? [MORE_PROBLEMS] : []),
            ...(more.warnings ? [MORE_WARNINGS] : []),
          ],
        },
      );
    },
  };
}

const MORE_PROBLEMS: ErrorDetail = {
  code: 'MoreProblems',
  message: `There are more problems than these ${MOST_PROBLEMS}.`,
};
const MORE_WARNINGS: ErrorDetail = {
  code: 'MoreWarnings',
  message: `There are more warnings than these ${MOST_PROBLEMS}.`,
  severity: 'warning',
};

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** `properties.customize[1].scriptUri`; names that are not plain words are quoted. */
export function showPath(path: readonly Segment[]): string {
  return path
    .map((segment, i) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^[$\w-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return i === 0 ? segment : `.${segment}`;
    })
    .join('');
}

function byPlace(a: ErrorDetail, b: ErrorDetail): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
