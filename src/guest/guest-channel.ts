/** A logged-in connection to a guest, whatever protocol carries it. */
export interface GuestChannel {
  /** Runs one command line in the user's shell. Resolves with how it ended; rejects with `GuestDisconnected` when the connection breaks. */
  run(command: string, options?: RunOptions): Promise<RunResult>;
  /** Writes a file; `mode` is octal permission bits. Parent directories must exist. Rejects with `UploadFailed` when the guest refuses. */
  upload(content: Buffer | { readonly file: string }, destination: string, options?: UploadOptions): Promise<void>;
  /** Closes the connection. MUST be safe to call twice. */
  close(): void;
  readonly closed: boolean;
}

export interface RunOptions {
  /** Called for each complete line (without its end) as it arrives, and for an unfinished last one. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly signal?: AbortSignal;
  /** Sent to the command's standard input, which is then closed. Without it, standard input is at its end. */
  readonly input?: string;
}

export interface UploadOptions {
  readonly mode?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** The command's exit code; 128 + n when signal n ended it. */
  readonly exitCode: number;
  /** Everything on standard output, at most the last 64 KiB. */
  readonly stdout: string;
  readonly stderr: string;
}

/** The guest refused to store a file (no room, no permission); the message is the guest's. */
export class UploadFailed extends Error {
  override readonly name = 'UploadFailed';
}

/** The connection broke before the command's end was known. */
export class GuestDisconnected extends Error {
  override readonly name = 'GuestDisconnected';
}
