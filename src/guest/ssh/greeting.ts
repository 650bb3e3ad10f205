import { createConnection, type Socket } from 'node:net';

/** What comes first in every connection of an SSH server (RFC 4253, 4.2). */
const GREETING = 'SSH-';

/**
 * Connects to a Unix socket and waits until an SSH server greets behind it. A log-in attempt with a guest that only
 * accepts would last its whole limit, and one more connection for the log-in itself costs an emulated guest a process.
 *
 * @returns the connection, paused, with the greeting still to be read
 * @throws Error when nobody greets within `limit` milliseconds, or something else does
 */
export function greetedSocket(path: string, limit: number, signal: AbortSignal): Promise<Socket> {
  const socket = createConnection(path);
  // It stays: a connection may break before its new owner listens.
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onTimeout = () => fail(new Error(`no SSH server answered within ${limit} ms`));
    const onClose = () => fail(new Error('the connection was closed before an SSH server answered'));
    const onAbort = () => fail(signal.reason);
    socket.setTimeout(limit, onTimeout);
    socket.once('error', fail);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('data', bytes => {
      socket.pause();
      socket.unshift(bytes);
      socket.setTimeout(0, onTimeout);
      socket.removeListener('error', fail).removeListener('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (bytes.toString('latin1').startsWith(GREETING)) resolve(socket);
      else fail(new Error('what answered is no SSH server'));
    });
  });
}
