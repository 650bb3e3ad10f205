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
  /** The error that says it all, with the warnings among its details; or nothing when there was no problem. */
  toError(apiVersion: string, file: string): KilnError | undefined;
}

/** `prefix` leads from the top of the file to the resource. */
export function createProblems(document: JsonDocument, prefix: readonly Segment[]): Problems {
  const found = new Map<string, Found>();
  const warnings = new Map<string, ErrorDetail>();
  const warn = (code: WarningCode, full: readonly Segment[], target: string, message: string, what: 'key' | 'value') =>
    warnings.set(`${code} ${full.join('\0')}`, {
      code,
      message,
      target,
      severity: 'warning',
      ...document.locate(full, what),
    });
  return {
    error(code, path, message, shape) {
      const key = path.join('\0');
      if (found.has(key)) return;
      const atKey = shape.kind === 'unknown' || shape.kind === 'duplicate';
      const at = document.locate([...prefix, ...path], atKey ? 'key' : 'value');
      found.set(key, { path, shape, order: found.size, detail: { code, message, target: showPath(path), ...at } });
    },
    warning(code, path, message, what = 'key') {
      warn(code, [...prefix, ...path], showPath(path), message, what);
    },
    formWarning(code, position, message) {
      const key = `${code} ${position.line}:${position.column}`;
      warnings.set(key, { code, message, target: '', severity: 'warning', ...position });
    },
    fileWarning(code, path, message) {
      warn(code, path, showPath(path), message, 'value');
    },
    get warnings() {
      return [...warnings.values()].sort(byPlace);
    },
    get failed() {
      return found.size > 0;
    },
    toError(apiVersion, file) {
      const all = [...found.values()].sort((a, b) => byPlace(a.detail, b.detail) || a.order - b.order);
      const [first] = all;
      if (first === undefined) return undefined;
      return templateError(
        'ValidationFailed',
        {
          first: `${aibSentence(first.path, first.shape, apiVersion)} ${first.detail.message}`,
          more: all.length - 1,
          file,
        },
        {
          ...(first.detail.target === undefined ? {} : { target: first.detail.target }),
          // A misspelt name is a warning in older versions, and often the reason why something is missing.
          details: [...all.map(one => one.detail), ...warnings.values()].sort(byPlace),
        },
      );
    },
  };
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
