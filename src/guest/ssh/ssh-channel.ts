import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import ssh2, { type Client, type ClientChannel, type ServerHostKeyAlgorithm } from 'ssh2';
import {
  type GuestChannel,
  GuestDisconnected,
  type RunOptions,
  type RunResult,
  UploadFailed,
  type UploadOptions,
} from '../guest-channel.ts';
import { CommandOutput } from './command-output.ts';
import { greetedSocket } from './greeting.ts';
import { wireFormat } from './key-pair.ts';
import { shellQuote } from './shell-quote.ts';

export interface SshTarget {
  /** Unix socket that leads to the guest's port 22. */
  readonly socket: string;
  readonly user: string;
  readonly privateKey: string;
  /** The only host key that is accepted, as in a `.pub` file. */
  readonly hostKey: string;
}

/** A guest whose server doesn't greet in this time is still booting. */
const GREETING_MS = 3_000;
/** A guest that answers nothing for this long has lost its sshd or its network. */
const KEEP_ALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 4 };

/**
 * Logs in once.
 *
 * @param limit milliseconds until the log-in must be complete
 * @throws Error of any kind when the guest isn't there yet; the caller decides how often to try.
 */
export async function connectSsh(target: SshTarget, limit: number, signal: AbortSignal): Promise<GuestChannel> {
  signal.throwIfAborted();
  const sock = await greetedSocket(target.socket, Math.min(GREETING_MS, limit), signal);
  const client = new ssh2.Client();
  const [keyType = ''] = target.hostKey.split(' ');
  const expected = wireFormat(target.hostKey);
  // ssh2 reports more than one error for one broken connection; without a listener the second would end the process.
  client.on('error', () => undefined);
  let onAbort: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      client.once('ready', resolve);
      client.once('error', reject);
      client.once('close', () => reject(new GuestDisconnected('the connection was closed during log-in')));
      client.connect({
        sock,
        username: target.user,
        privateKey: target.privateKey,
        // A guest may have more keys; only this one can be checked.
        algorithms: { serverHostKey: [keyType as ServerHostKeyAlgorithm] },
        hostVerifier: (key: Buffer) => key.equals(expected),
        readyTimeout: limit,
        ...KEEP_ALIVE,
      });
    });
  } catch (error) {
    client.destroy();
    sock.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return new SshChannel(client);
}

class SshChannel implements GuestChannel {
  readonly #client: Client;
  closed = false;
  #reason = 'the connection was closed';

  constructor(client: Client) {
    this.#client = client;
    client.on('error', error => {
      this.#reason = error.message;
    });
    client.on('close', () => {
      this.closed = true;
    });
  }

  run(command: string, options: RunOptions = {}): Promise<RunResult> {
    return this.#execute(command, options, stream => stream.end(options.input ?? ''));
  }

  async upload(
    content: Buffer | { readonly file: string },
    destination: string,
    options: UploadOptions = {},
  ): Promise<void> {
    const path = shellQuote(destination);
    const mode = options.mode === undefined ? '' : ` && chmod ${options.mode.toString(8)} -- ${path}`;
    // Opened first: a file that can't be read must not leave an empty one in the guest.
    const source = Buffer.isBuffer(content) ? undefined : (await open(content.file)).createReadStream();
    try {
      // `cat` is in every guest; an SFTP server is not.
      const { exitCode, stderr } = await this.#execute(`umask 077 && cat > ${path}${mode}`, options, stream => {
        if (source === undefined) stream.end(content);
        // How it went is said by the command's end, and by the source below.
        else pipeline(source, stream.stdin).catch(() => undefined);
      });
      const unread = readFailure(source);
      if (unread !== undefined) throw unread;
      if (exitCode !== 0) throw new UploadFailed(stderr.trim() || `exit code ${exitCode}`);
    } catch (error) {
      throw readFailure(source) ?? error;
    } finally {
      source?.destroy();
    }
  }

  close(): void {
    this.closed = true;
    this.#client.end();
    this.#client.destroy();
  }

  /** Settles whatever the guest does or leaves undone: with the command, the connection, or the signal. */
  async #execute(command: string, options: RunOptions, feed: (stream: ClientChannel) => void): Promise<RunResult> {
    options.signal?.throwIfAborted();
    if (this.closed) throw new GuestDisconnected(this.#reason);
    const output = new CommandOutput(options.onLine);
    let stop: () => void = () => undefined;
    const ended = new Promise<number>((resolve, reject) => {
      let code: number | undefined;
      const onEnd = () => (code === undefined ? reject(new GuestDisconnected(this.#reason)) : resolve(code));
      // What came before the break is still handed on in this round of the event loop.
      const onBreak = () => setImmediate(onEnd);
      const onAbort = () => {
        this.close();
        reject(options.signal?.reason);
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#client.once('close', onBreak);
      stop = () => {
        options.signal?.removeEventListener('abort', onAbort);
        this.#client.removeListener('close', onBreak);
      };
      this.#exec(command, (error, stream) => {
        if (error !== undefined) {
          reject(new GuestDisconnected(error.message, { cause: error }));
          return;
        }
        // Now, not after an await: the command may have ended already, and its end be the next thing in the buffer.
        stream.on('exit', (exit: number | null, signalName?: string) => {
          code = exit ?? 128 + signalNumber(signalName);
        });
        stream.on('error', () => undefined);
        stream.once('close', onEnd);
        output.listen(stream);
        feed(stream);
      });
    });
    try {
      const exitCode = await ended;
      return { exitCode, ...output.end() };
    } catch (error) {
      output.end();
      throw error;
    } finally {
      stop();
    }
  }

  #exec(command: string, callback: (error: Error | undefined, stream: ClientChannel) => void): void {
    try {
      this.#client.exec(command, callback);
    } catch (cause) {
      throw new GuestDisconnected((cause as Error).message, { cause });
    }
  }
}

/** Why a file could not be read to its end. That the guest took no more of it is no such reason. */
function readFailure(source: ReadStream | undefined): Error | undefined {
  const error: NodeJS.ErrnoException | null | undefined = source?.errored;
  return error?.syscall === 'read' ? error : undefined;
}

/** 0 for one that this system doesn't know. */
function signalNumber(name: string | undefined): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  return known[name ?? ''] ?? 0;
}
