/** How a command ends: the process's exit code. 1 is a failed build, 2 bad input, 3 an unfit machine. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 130;

/** What a catalogue entry says of one kind of failure. `P` is what has to be known to say it. */
export interface ErrorKind<P> {
  readonly exit: ExitCode;
  /** The HTTP status with which a service says it; 400 for exit code 2, otherwise 500. */
  readonly status?: number;
  /** One sentence for `docs/errors.md`: when this happens. */
  readonly summary: string;
  /** What happened and where, without a trailing line break. */
  readonly message: (params: P) => string;
  /** What the reader can do about it. */
  readonly todo: (params: P) => string;
}

/** One problem among several, as in `details[]` of an Azure error body. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  /** JSON path of the offending value, e.g. `properties.customize[1].scriptUri`. */
  readonly target?: string;
  /** 1-based position in the file, when there is one. */
  readonly line?: number;
  readonly column?: number;
  /** Not a problem by itself; it stands among problems because it may explain one. */
  readonly severity?: 'warning';
}

export interface KilnErrorOptions {
  readonly cause?: unknown;
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
  /** The last lines of what the failing thing printed. */
  readonly output?: readonly string[];
  /** Path of the full log. */
  readonly log?: string;
  /** HTTP status of the answer in which a service says it. */
  readonly status?: number;
}

/** Something that went wrong for a user. Anything else that is thrown is a defect of Kiln. */
export class KilnError extends Error {
  override readonly name = 'KilnError';
  readonly code: string;
  readonly exit: ExitCode;
  readonly todo: string;
  readonly target: string | undefined;
  readonly details: readonly ErrorDetail[];
  readonly output: readonly string[];
  readonly log: string | undefined;
  readonly status: number;

  constructor(code: string, exit: ExitCode, message: string, todo: string, options: KilnErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exit = exit;
    this.todo = todo;
    this.target = options.target;
    this.details = options.details ?? [];
    this.output = options.output ?? [];
    this.log = options.log;
    this.status = options.status ?? (exit === 2 ? 400 : 500);
  }

  /** The same error with more said about where it happened. */
  with(options: KilnErrorOptions): KilnError {
    return new KilnError(this.code, this.exit, this.message, this.todo, {
      cause: options.cause ?? this.cause,
      ...(this.target === undefined ? {} : { target: this.target }),
      details: this.details,
      output: this.output,
      status: this.status,
      ...(this.log === undefined ? {} : { log: this.log }),
      ...options,
    });
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      todo: this.todo,
      ...(this.target === undefined ? {} : { target: this.target }),
      ...(this.details.length === 0 ? {} : { details: this.details }),
      ...(this.output.length === 0 ? {} : { output: this.output }),
      ...(this.log === undefined ? {} : { log: this.log }),
    };
  }
}

/** `true` for errors that say "the caller asked to stop", whatever library threw them. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'));
}

type Kinds = Record<string, unknown>;
type ParamsOf<K> = K extends ErrorKind<infer P> ? P : never;

/** Checks the shape of one room's errors without losing each entry's own parameters. */
export function kinds<const T extends { [K in keyof T]: ErrorKind<never> }>(entries: T): T {
  return entries;
}

/** A thrower for one room's catalogue: `throw error('DiskFull', { path })`. */
export function thrower<T extends Kinds>(
  entries: T,
): <C extends keyof T & string>(code: C, params: ParamsOf<T[C]>, options?: KilnErrorOptions) => KilnError {
  return (code, params, options) => {
    const kind = entries[code] as ErrorKind<ParamsOf<T[typeof code]>>;
    return new KilnError(code, kind.exit, kind.message(params), kind.todo(params), {
      ...(kind.status === undefined ? {} : { status: kind.status }),
      ...options,
    });
  };
}
