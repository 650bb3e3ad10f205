import type { ClientChannel } from 'ssh2';
import type { RunOptions } from '../guest-channel.ts';
import { LineSplitter } from '../line-splitter.ts';

/** Bytes of each stream of which a result tells. */
const KEPT_OUTPUT = 64 * 1024;

/** The two output streams of one command. */
export class CommandOutput {
  readonly #stdout: OutputTail;
  readonly #stderr: OutputTail;

  constructor(onLine: RunOptions['onLine']) {
    this.#stdout = new OutputTail(onLine && (line => onLine(line, 'stdout')));
    this.#stderr = new OutputTail(onLine && (line => onLine(line, 'stderr')));
  }

  listen(stream: ClientChannel): void {
    stream.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    stream.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
  }

  end(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout.end(), stderr: this.#stderr.end() };
  }
}

/** Keeps the end of an output and hands its lines on. */
class OutputTail {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #lines: LineSplitter | undefined;

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#lines = onLine && new LineSplitter(onLine);
  }

  push(chunk: Buffer): void {
    this.#lines?.push(chunk);
    // A copy: the chunk is a piece of all that arrived with it, which would be kept as long.
    this.#chunks.push(Buffer.from(chunk));
    this.#size += chunk.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) > KEPT_OUTPUT) this.#size -= this.#chunks.shift()?.length ?? 0;
  }

  end(): string {
    this.#lines?.end();
    return Buffer.concat(this.#chunks).toString('utf8').slice(-KEPT_OUTPUT);
  }
}
