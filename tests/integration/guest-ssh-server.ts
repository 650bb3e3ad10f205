import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type ServerChannel, type Session } from 'ssh2';
import { type KeyPair, makeKeyPair, wireFormat } from '../../src/guest/ssh/key-pair.ts';
import type { SshTarget } from '../../src/guest/ssh/ssh-channel.ts';
import { killGroup } from '../../src/sandbox/process-group.ts';

type OnExec = (command: string, accept: () => ServerChannel) => void;

/** An SSH server on a Unix socket that runs commands with `sh`, in its directory, or does what a test says. */
export interface GuestServer {
  readonly directory: string;
  readonly target: SshTarget;
  readonly userKey: KeyPair;
  onExec: OnExec;
  /** Breaks every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function guestServer(): Promise<GuestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'kiln-ssh-'));
  const [hostKey, userKey] = [makeKeyPair('host'), makeKeyPair('user')];
  const sockets = new Set<Socket>();
  const socket = join(directory, 'ssh.sock');
  const server: GuestServer = {
    directory,
    userKey,
    target: { socket, user: 'packer', privateKey: userKey.privateKey, hostKey: hostKey.publicKey },
    onExec: (command, accept) => runInShell(command, directory, accept()),
    cut: () => {
      for (const open of sockets) open.destroy();
    },
    close: async () => {
      server.cut();
      await new Promise<void>(resolve => listener.close(() => resolve()));
      await rm(directory, { recursive: true, force: true });
    },
  };
  const ssh = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, client => {
    client.on('error', () => undefined);
    client.on('authentication', context => {
      if (context.method !== 'publickey') return context.reject(['publickey']);
      const known = context.key.data.equals(wireFormat(userKey.publicKey));
      if (known) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', accept => serve(accept(), server));
  });
  const listener = createServer(connection => {
    sockets.add(connection);
    connection.on('error', () => undefined);
    ssh.injectSocket(connection);
  });
  await new Promise<void>(resolve => listener.listen(socket, resolve));
  return server;
}

function serve(session: Session, server: GuestServer): void {
  session.on('exec', (accept, _reject, { command }) => server.onExec(command, accept));
}

function runInShell(command: string, directory: string, channel: ServerChannel): void {
  const child = spawn('sh', ['-c', command], { cwd: directory, detached: true });
  channel.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('error', () => undefined);
  // What the command has started ends with its channel.
  channel.once('close', () => killGroup(child.pid));
  child.once('close', (code, signal) => {
    // The library adds the prefix for the receiver.
    if (signal !== null) channel.exit(signal.replace('SIG', ''));
    else channel.exit(code ?? 1);
    channel.end();
  });
}
