import { StringDecoder } from 'node:string_decoder';

/** A guest that never ends its line must not fill this machine's memory. */
const MAX_LINE = 8192;

/** Cuts a stream of bytes into lines of bounded length; a carriage return before the end is dropped. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#emit(part.endsWith('\r') ? part.slice(0, -1) : part);
    while (this.#rest.length > MAX_LINE) {
      this.#onLine(this.#rest.slice(0, MAX_LINE));
      this.#rest = this.#rest.slice(MAX_LINE);
    }
  }

  /** Hands on an unfinished last line. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#emit(rest);
  }

  #emit(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += MAX_LINE) this.#onLine(line.slice(at, at + MAX_LINE));
  }
}
