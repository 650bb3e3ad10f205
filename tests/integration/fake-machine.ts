import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { parse } from 'yaml';
import { ownerName } from '../../src/home/process-lock.ts';
import { type MachineDirectory, machineDirectory } from '../../src/home/run-directory.ts';
import type { Machine, MachineDriver, MachineEnd, MachineSpec } from '../../src/machine/machine.ts';
import { type FakeGuest, fakeGuest, type Request } from './fake-guest.ts';

export interface FakeBehaviour {
  /** Roles of machines that never answer. */
  readonly silent?: readonly string[];
  /** Thrown by `start`. */
  readonly startError?: unknown;
}

export interface FakeDriver extends MachineDriver {
  behaviour: FakeBehaviour;
  readonly machines: readonly FakeMachine[];
  /** Ends everything that still runs, kept machines too. */
  close(): Promise<void>;
}

export interface FakeMachine extends Machine {
  readonly spec: MachineSpec;
  /** How it ended; `undefined` while it runs. */
  readonly end: MachineEnd | undefined;
  keep: Machine['keep'];
  /** Ends as a VM does whose process crashes. */
  crash(): Promise<void>;
  /** Makes an empty file in the guest. */
  touch(path: string): Promise<void>;
}

/** What a guest reads from its provisioning data. */
interface Provisioned {
  readonly user: string;
  readonly authorizedKey: string;
  readonly hostKey: string;
}

/** How long a restart takes. */
const BOOT_MS = 200;

/**
 * Machines that are directory trees: they read their provisioning data, answer SSH on their socket with the key that they
 * were given, and run each command in a sandbox. What is not there is a kernel, a disk that is written to, and time to boot.
 *
 * @param place a directory for their trees
 */
export function fakeDriver(place: string): FakeDriver {
  const machines: StartedMachine[] = [];
  const driver: FakeDriver = {
    behaviour: {},
    machines,
    start: async (spec, signal) => {
      signal.throwIfAborted();
      if (driver.behaviour.startError !== undefined) throw driver.behaviour.startError;
      // A machine on an overlay of another one's disk finds what that one has left.
      const below = machines.find(machine => machineDirectory(machine.spec.directory).disk === spec.bases[0]);
      const machine = new StartedMachine(spec, () => driver.behaviour.silent?.includes(spec.role) ?? false);
      machines.push(machine);
      await machine.start(join(place, String(machines.length)), below?.root);
      return machine;
    },
    close: async () => {
      for (const machine of machines) await machine.discard();
    },
  };
  return driver;
}

class StartedMachine implements FakeMachine {
  readonly features = { screenshot: true, checkpoint: false, reboot: true };
  readonly accelerator = 'none';
  restarts = 0;
  readonly role: string;
  readonly spec: MachineSpec;
  readonly sshSocket: string;
  readonly ended: Promise<MachineEnd>;
  end: MachineEnd | undefined;
  readonly #files: MachineDirectory;
  readonly #silent: () => boolean;
  readonly #sockets = new Set<Socket>();
  #settle: (end: MachineEnd) => void = () => undefined;
  #guest: FakeGuest | undefined;
  #listener: Server | undefined;
  #provisioned: Provisioned | undefined;
  #holder: ChildProcess | undefined;

  constructor(spec: MachineSpec, silent: () => boolean) {
    this.spec = spec;
    this.role = spec.role;
    this.#silent = silent;
    this.#files = machineDirectory(spec.directory);
    this.sshSocket = this.#files.ssh;
    this.ended = new Promise(resolve => {
      this.#settle = resolve;
    });
  }

  get root(): string {
    return this.guest.root;
  }

  get guest(): FakeGuest {
    if (this.#guest === undefined) throw new Error('started first');
    return this.#guest;
  }

  async start(directory: string, from: string | undefined): Promise<void> {
    this.#guest = await fakeGuest(directory, from, request => void this.#answer(request));
    this.#provisioned = await readSeed(this.#files.seed);
    await this.#boot();
  }

  async #boot(): Promise<void> {
    await this.guest.boot();
    await appendFile(this.#files.serialLog, `Booting as ${this.role}\nlogin: \n`);
    const { user = '' } = this.#provisioned ?? {};
    await runToEnd(this.guest, provision(user));
    if (this.#silent() || this.end !== undefined) return;
    const ssh = this.#sshServer();
    this.#listener = createServer(socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      ssh.injectSocket(socket);
    });
    await mkdir(this.#files.io, { recursive: true });
    await mkdir(dirname(this.sshSocket), { recursive: true });
    await rm(this.sshSocket, { force: true });
    this.#listener.listen(this.sshSocket);
  }

  #sshServer(): ssh2.Server {
    const { user = '', authorizedKey = '', hostKey = '' } = this.#provisioned ?? {};
    const allowed = ssh2.utils.parseKey(authorizedKey);
    if (allowed instanceof Error) throw allowed;
    return new ssh2.Server({ hostKeys: [hostKey] }, (client: Connection) => {
      client.on('error', () => undefined);
      client.on('authentication', context => {
        const known =
          context.method === 'publickey' &&
          context.username === user &&
          context.key.data.equals(allowed.getPublicSSH()) &&
          (context.signature === undefined ||
            allowed.verify(context.blob ?? Buffer.of(), context.signature, context.hashAlgo) === true);
        if (known) context.accept();
        else context.reject(['publickey']);
      });
      client.on('session', accept => {
        accept().on('exec', (acceptExec, _, { command }) => this.#execute(acceptExec(), command));
      });
    });
  }

  #execute(stream: ServerChannel, command: string): void {
    const child = this.guest.run(command);
    stream.on('error', () => undefined);
    stream.pipe(child.stdin);
    child.stdout.pipe(stream, { end: false });
    child.stderr.pipe(stream.stderr, { end: false });
    child.once('close', (code, signal) => {
      if (signal === null) stream.exit(code ?? 1);
      else stream.exit(signal.replace(/^SIG/, ''));
      stream.end();
    });
    stream.once('close', () => child.kill('SIGKILL'));
  }

  async #answer(request: Request): Promise<void> {
    if (this.end !== undefined) return;
    if (request === 'drop') {
      await rm(join(this.root, '../fake/request'), { force: true });
      this.#disconnect();
    } else if (request === 'restart') {
      this.#listener?.close();
      this.#disconnect();
      this.guest.halt();
      this.restarts += 1;
      await delay(BOOT_MS);
      if (this.end === undefined) await this.#boot();
    } else {
      const [how, reason] = request === 'crash' ? (['crashed', 'exit code 1'] as const) : GUEST_SHUTDOWN;
      await this.#finish({ how, reason });
    }
  }

  #disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #finish(end: MachineEnd): Promise<void> {
    if (this.end !== undefined) return;
    this.end = end;
    this.#listener?.close();
    this.#disconnect();
    await this.guest.close();
    await rm(this.sshSocket, { force: true });
    this.#settle(end);
  }

  async crash(): Promise<void> {
    await this.#answer('crash');
  }

  async touch(path: string): Promise<void> {
    await runToEnd(this.guest, `: >${path}`);
  }

  async powerdown(): Promise<void> {
    await this.#answer('power-off');
  }

  async stop(): Promise<void> {
    void this.#finish({ how: 'stopped', reason: 'stopped by Kiln' });
    await this.ended;
  }

  async screenshot(path: string): Promise<void> {
    await writeFile(path, 'a picture');
  }

  async consoleTail(lines: number): Promise<string[]> {
    const text = await readFile(this.#files.serialLog, 'utf8');
    return text.trimEnd().split('\n').slice(-lines);
  }

  async keep(seconds: number): Promise<string> {
    // The life of a kept machine is that of its holder.
    this.#holder = spawn('sleep', [String(seconds)], { stdio: 'ignore', detached: true });
    const until = new Date(Date.now() + seconds * 1000).toISOString();
    const holder = ownerName(this.#holder.pid ?? 0);
    await writeFile(this.#files.kept, JSON.stringify({ holder, until }));
    return until;
  }

  async discard(): Promise<void> {
    this.#holder?.kill('SIGKILL');
    await this.stop();
  }
}

const GUEST_SHUTDOWN = ['powered-off', 'guest-shutdown'] as const;

/** Finds `user-data` in the volume by the line that it begins with: files in ISO 9660 are not scattered. */
async function readSeed(path: string): Promise<Provisioned> {
  const volume = await readFile(path, 'utf8');
  const [text = ''] = volume.slice(volume.indexOf('#cloud-config')).split('\0');
  const data = parse(text) as {
    readonly users: readonly { readonly name: string; readonly ssh_authorized_keys: readonly string[] }[];
    readonly ssh_keys: { readonly ed25519_private: string };
  };
  const [user] = data.users;
  return {
    user: user?.name ?? '',
    authorizedKey: user?.ssh_authorized_keys[0] ?? '',
    hostKey: data.ssh_keys.ed25519_private,
  };
}

/** The account of the provisioning data, and what tells that provisioning is over. */
function provision(user: string): string {
  return `set -e
grep -q '^root:' /etc/passwd 2>/dev/null || {
  echo 'root:x:0:0::/root:/bin/sh' >/etc/passwd; echo 'root:x:0:' >/etc/group; echo 'root:*:::::::' >/etc/shadow
  echo '127.0.0.1 localhost' >/etc/hosts
}
grep -q '^${user}:' /etc/passwd || {
  echo '${user}:x:1000:1000::/home/${user}:/bin/sh' >>/etc/passwd; echo '${user}:x:1000:' >>/etc/group
  echo '${user}:!:::::::' >>/etc/shadow; echo '${user} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/90-cloud-init-users
  mkdir -p /home/${user}
}
mkdir -p /run/cloud-init
echo '{}' >/run/cloud-init/result.json`;
}

async function runToEnd(guest: FakeGuest, script: string): Promise<void> {
  const child = guest.run(script);
  let errors = '';
  child.stderr.on('data', chunk => {
    errors += String(chunk);
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code !== 0) throw new Error(`the fake guest could not be set up: ${errors}`);
}
