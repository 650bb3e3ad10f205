import { createConnection, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { CappedLog } from '../capped-log.ts';

/** More than any boot prints; a guest that writes on and on must not fill the host's disk. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const KEPT_LINES = 500;
const KEPT_LINE_LENGTH = 4096;

/** The guest's serial console: written to a log of bounded size, its last lines kept at hand. */
export class SerialConsole {
  /** Settles when the connection is closed and all that came before is in the log. MUST NOT reject. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #log: CappedLog;
  readonly #decoder = new StringDecoder('utf8');
  #lines: string[] = [];
  #unfinished = '';

  constructor(socketPath: string, logPath: string) {
    this.#log = new CappedLog(logPath, MAX_LOG_BYTES);
    this.#socket = createConnection(socketPath);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', chunk => this.#receive(chunk));
    this.closed = new Promise(resolve => this.#socket.once('close', () => resolve()));
  }

  tail(count: number): string[] {
    const all = this.#unfinished === '' ? this.#lines : [...this.#lines, this.#unfinished];
    return all.slice(-count).map(shown);
  }

  close(): void {
    this.#socket.destroy();
    this.#log.close();
  }

  #receive(chunk: Buffer): void {
    this.#log.write(chunk);
    const parts = (this.#unfinished + this.#decoder.write(chunk)).split('\n');
    this.#unfinished = (parts.pop() ?? '').slice(-KEPT_LINE_LENGTH);
    if (parts.length === 0) return;
    const last = parts.slice(-KEPT_LINES).map(line => line.slice(-KEPT_LINE_LENGTH));
    this.#lines = [...this.#lines, ...last].slice(-KEPT_LINES);
  }
}

/** Consoles end their lines with one or more carriage returns. By hand: a pattern takes quadratic time on many. */
function shown(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}
