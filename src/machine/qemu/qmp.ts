import { createConnection, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

type Json = Record<string, unknown>;
type OnEvent = (name: string, data: Json) => void;

/** Real answers have some hundred bytes. A QEMU that a guest has taken over must not fill this machine's memory. */
const MAX_MESSAGE = 1024 * 1024;
/** QEMU answers between two pieces of work of its own, of which none takes long. */
const ANSWER_MS = 30_000;

/** A command that QEMU refused or left without an answer. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** QEMU's control socket. Every call settles: in time, or when the connection ends. */
export class QmpClient {
  /** Settles when the connection is closed and all that came before was handed on. MUST NOT reject. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: OnEvent;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #nextId = 1;
  #ended = false;

  private constructor(socket: Socket, onEvent: OnEvent) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.on('error', () => undefined);
    socket.on('data', chunk => this.#receive(chunk));
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  /**
   * Connects and leaves the negotiation mode.
   *
   * @throws Error with the code of `connect(2)`; QmpError
   */
  static async connect(path: string, onEvent: OnEvent): Promise<QmpClient> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new QmpClient(socket, onEvent);
    try {
      await client.execute('qmp_capabilities');
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** @throws QmpError */
  async execute(command: string, args: Json = {}): Promise<unknown> {
    if (this.#ended) throw new QmpError('the machine has ended');
    const id = this.#nextId++;
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new QmpError(`QEMU did not answer \`${command}\` within ${ANSWER_MS / 1000} s`));
      }, ANSWER_MS);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #receive(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#handle(line);
    if (this.#rest.length > MAX_MESSAGE) this.close();
  }

  #handle(line: string): void {
    const message = parse(line);
    if (message === undefined) return;
    if (typeof message['event'] === 'string') {
      this.#onEvent(message['event'], (message['data'] ?? {}) as Json);
      return;
    }
    const waiting = this.#pending.get(message['id'] as number);
    if (waiting === undefined) return;
    this.#pending.delete(message['id'] as number);
    clearTimeout(waiting.timer);
    const error = message['error'] as { desc?: string } | undefined;
    if (error === undefined) waiting.resolve(message['return']);
    else waiting.reject(new QmpError(error.desc ?? 'refused'));
  }

  #end(): void {
    this.#ended = true;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new QmpError('the machine has ended'));
    }
    this.#pending.clear();
  }
}

function parse(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
