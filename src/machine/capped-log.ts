import { closeSync, openSync, writeSync } from 'node:fs';

/** A log file that stops growing at a limit and says so. Synchronous: what was written survives a kill. */
export class CappedLog {
  #fd: number | undefined;
  #left: number;

  constructor(path: string, maxBytes: number) {
    this.#fd = openSync(path, 'a', 0o600);
    this.#left = maxBytes;
  }

  write(chunk: Buffer): void {
    if (this.#fd === undefined || this.#left === 0) return;
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.length;
    try {
      writeSync(this.#fd, part);
      if (this.#left === 0) writeSync(this.#fd, '\n[kiln: the log has reached its limit; what follows is not kept]\n');
    } catch {
      // A full disk must not end the build from inside of a log: the build's own writes will say so.
      this.#left = 0;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
