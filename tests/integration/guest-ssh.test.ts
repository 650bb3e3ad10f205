import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GuestChannel, GuestDisconnected, UploadFailed } from '../../src/guest/guest-channel.ts';
import { makeKeyPair } from '../../src/guest/ssh/key-pair.ts';
import { connectSsh } from '../../src/guest/ssh/ssh-channel.ts';
import { type GuestServer, guestServer } from './guest-ssh-server.ts';

const LIMIT_MS = 20_000;
const never = new AbortController().signal;
let server: GuestServer;
let guest: GuestChannel;

beforeEach(async () => {
  server = await guestServer();
  guest = await connectSsh(server.target, LIMIT_MS, never);
});

afterEach(async () => {
  guest.close();
  await server.close();
});

describe('a command', () => {
  test.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['kill -KILL $$', 137],
    ['kill -USR1 $$', 138],
  ])('%s ends with %i', async (command, exitCode) => {
    expect((await guest.run(command)).exitCode).toBe(exitCode);
  });

  test('hands on the lines of both streams, and an unfinished last one', async () => {
    const lines: string[] = [];
    const result = await guest.run('echo a; echo b >&2; printf c', {
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.sort()).toEqual(['stderr b', 'stdout a', 'stdout c']);
    expect(result).toEqual({ exitCode: 0, stdout: 'a\nc', stderr: 'b\n' });
  });

  test('finds its standard input at the end, or what it was given', async () => {
    expect((await guest.run('cat')).stdout).toBe('');
    expect((await guest.run('cat', { input: 'secret\n' })).stdout).toBe('secret\n');
  });

  test('may end in the same packet in which it begins', async () => {
    server.onExec = (_command, accept) => {
      const channel = accept();
      channel.write('done\n');
      channel.exit(4);
      channel.end();
    };
    expect(await guest.run('true')).toEqual({ exitCode: 4, stdout: 'done\n', stderr: '' });
  });

  test('that floods its output costs no memory, and its end is kept', async () => {
    let longest = 0;
    const before = process.memoryUsage().rss;
    const { stdout } = await guest.run("head -c 100000000 /dev/zero | tr '\\0' x; echo end", {
      onLine: line => {
        longest = Math.max(longest, line.length);
      },
    });
    expect(stdout.length).toBeLessThanOrEqual(64 * 1024);
    expect(stdout.endsWith('xend\n')).toBe(true);
    expect(longest).toBeLessThanOrEqual(8192);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  test('an abort ends it and the connection', async () => {
    const abort = new AbortController();
    const running = guest.run('echo on; sleep 60', {
      signal: abort.signal,
      onLine: () => abort.abort(new Error('now')),
    });
    await expect(running).rejects.toThrow('now');
    expect(guest.closed).toBe(true);
  });

  test('an abort ends the wait for a guest that never starts it', async () => {
    server.onExec = () => undefined;
    const abort = new AbortController();
    const running = guest.run('true', { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('now')), 50);
    await expect(running).rejects.toThrow('now');
  });

  test('a broken connection is a GuestDisconnected, with the lines that came before', async () => {
    const lines: string[] = [];
    const running = guest.run('echo first; printf half; sleep 60', {
      onLine: line => {
        lines.push(line);
        if (line === 'first') setTimeout(() => server.cut(), 100);
      },
    });
    await expect(running).rejects.toThrow(GuestDisconnected);
    expect(lines).toEqual(['first', 'half']);
    await expect(guest.run('true')).rejects.toThrow(GuestDisconnected);
    await expect(guest.upload(Buffer.from(''), 'x')).rejects.toThrow(GuestDisconnected);
  });

  test('closing twice is fine, and ends what runs', async () => {
    const running = guest.run('sleep 60');
    guest.close();
    guest.close();
    await expect(running).rejects.toThrow(GuestDisconnected);
  });
});

describe('an upload', () => {
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));

  test.each(['plain', 'with space', "quote's", '-rf', '$(touch hit)', 'new\nline', 'ü;`id`"', '*'])(
    'keeps the name %j',
    async name => {
      await guest.upload(content, name, { mode: 0o640 });
      expect((await readFile(join(server.directory, name))).equals(content)).toBe(true);
      expect((await stat(join(server.directory, name))).mode & 0o777).toBe(0o640);
      expect((await readdir(server.directory)).sort()).toEqual([name, 'ssh.sock'].sort());
    },
  );

  test('takes a file as well', async () => {
    const file = join(server.directory, 'source');
    await writeFile(file, content);
    await guest.upload({ file }, 'copy');
    expect((await readFile(join(server.directory, 'copy'))).equals(content)).toBe(true);
  });

  test('that the guest refuses says why', async () => {
    await expect(guest.upload(content, 'no/such/directory')).rejects.toThrow(UploadFailed);
    await expect(guest.upload(content, 'no/such/directory')).rejects.toThrow(/no\/such\/directory/);
    expect(guest.closed).toBe(false);
  });

  test('that the guest takes only a part of fails, not the process', async () => {
    const file = join(server.directory, 'source');
    await writeFile(file, content);
    server.onExec = (_command, accept) => {
      const channel = accept();
      channel.stderr.write('No space left on device\n');
      channel.exit(1);
      channel.end();
    };
    await expect(guest.upload({ file }, 'copy')).rejects.toThrow('No space left on device');
  });

  test('of what can not be read fails with the reason', async () => {
    await mkdir(join(server.directory, 'directory'));
    await expect(guest.upload({ file: join(server.directory, 'missing') }, 'x')).rejects.toThrow('ENOENT');
    await expect(guest.upload({ file: join(server.directory, 'directory') }, 'x')).rejects.toThrow('EISDIR');
  });

  test('that the guest does not take ends with the abort, and leaves no rejection behind', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const file = join(server.directory, 'source');
    await writeFile(file, Buffer.alloc(8 * 1024 * 1024));
    // Nothing reads the channel: its window fills up.
    server.onExec = (_command, accept) => void accept();
    const abort = new AbortController();
    const running = guest.upload({ file }, 'copy', { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('now')), 200);
    await expect(running).rejects.toThrow('now');
    await new Promise(resolve => setTimeout(resolve, 50));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('a log-in', () => {
  test('with another host key than the expected one is refused', async () => {
    const target = { ...server.target, hostKey: makeKeyPair('other').publicKey };
    await expect(connectSsh(target, LIMIT_MS, never)).rejects.toThrow(/[Hh]ost/);
  });

  test('with a key that the guest does not know is refused', async () => {
    const target = { ...server.target, privateKey: makeKeyPair('other').privateKey };
    await expect(connectSsh(target, LIMIT_MS, never)).rejects.toThrow(/authentication/);
  });

  test('where nothing listens fails', async () => {
    await expect(connectSsh({ ...server.target, socket: '/nowhere.sock' }, LIMIT_MS, never)).rejects.toThrow('ENOENT');
  });

  test.each([
    ['says nothing', () => undefined],
    ['greets without end', greetForEver],
    ['hangs up', (socket: Socket) => socket.destroy()],
  ])('to a guest that %s ends in time', async (_name, behave) => {
    const path = join(server.directory, 'odd.sock');
    const sockets: Socket[] = [];
    const odd = createServer(socket => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      behave(socket);
    }).listen(path);
    await once(odd, 'listening');
    const target = { ...server.target, socket: path };
    await expect(connectSsh(target, 500, never)).rejects.toThrow();
    await expect(connectSsh(target, LIMIT_MS, AbortSignal.timeout(300))).rejects.toThrow();
    for (const socket of sockets) socket.destroy();
    odd.close();
  });
});

function greetForEver(socket: Socket): void {
  const greet = () => {
    while (socket.writable && socket.write('Welcome\r\n'.repeat(100)));
  };
  socket.on('drain', greet);
  greet();
}
