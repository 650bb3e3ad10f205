import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { asBuildUser, directoryForBuildUser } from '../../src/sandbox/build-user.ts';

/** What a script in the guest can ask of its machine with the program `machine`. */
export type Request = 'restart' | 'power-off' | 'drop' | 'crash';

/** A system without a kernel of its own: a directory tree in which commands run one by one in a sandbox. */
export interface FakeGuest {
  readonly root: string;
  /** Starts one command line; nothing of it outlives the child. */
  run(command: string): ChildProcessWithoutNullStreams;
  /** A new boot: new boot id, empty `/tmp` and `/run`. */
  boot(): Promise<void>;
  /** Ends all commands. */
  halt(): void;
  close(): Promise<void>;
}

const PROGRAMS: Readonly<Record<string, string>> = {
  sudo: 'exec "$@"',
  machine: 'echo "$1" >/fake/request',
  reboot: 'machine restart',
  poweroff: 'machine power-off',
  systemctl: `case "$*" in
  *reboot*) machine restart ;;
  *poweroff*) machine power-off ;;
  is-system-running) [ -e /fake/request ] && echo stopping || echo running ;;
esac`,
  // These would only find out that the sandbox forbids them.
  fstrim: ':',
  journalctl: ':',
};

/** Between the request and its effect: as in a real guest, the asking command can still end. */
const EFFECT_MS = 100;

/**
 * @param directory made; belongs to this guest
 * @param from root of a guest that has ended; the new one starts with a copy of it, as a VM on an overlay of its disk would
 */
export async function fakeGuest(
  directory: string,
  from: string | undefined,
  onRequest: (request: Request) => void,
): Promise<FakeGuest> {
  const [root, fake, bootId] = [join(directory, 'root'), join(directory, 'fake'), join(directory, 'boot-id')];
  for (const path of [directory, root, fake, join(fake, 'bin')]) await directoryForBuildUser(path);
  for (const [name, script] of Object.entries(PROGRAMS)) {
    await writeFile(join(fake, 'bin', name), `#!/bin/sh\n${script}\n`);
    await chmod(join(fake, 'bin', name), 0o755);
  }
  const user = await asBuildUser();
  if (from === undefined) await emptySystem(root);
  else {
    const [command = 'cp', ...args] = [...user, 'cp', '-a', `${from}/.`, root];
    await execa(command, args);
  }

  const box = [
    ...[
      'bwrap',
      '--die-with-parent',
      '--unshare-all',
      '--new-session',
      '--cap-drop',
      'ALL',
      '--uid',
      '0',
      '--gid',
      '0',
    ],
    ...['--bind', root, '/', '--ro-bind', '/usr', '/usr', '--proc', '/proc', '--dev', '/dev'],
    ...['--ro-bind', bootId, '/proc/sys/kernel/random/boot_id', '--bind', fake, '/fake', '--chdir', '/', '--'],
  ];
  const children = new Set<ChildProcessWithoutNullStreams>();
  const watcher = watchRequests(fake, onRequest);
  const guest: FakeGuest = {
    root,
    run: command => {
      const [program = '', ...args] = [...user, ...box, 'sh', '-c', command];
      const child = spawn(program, args, { env: { PATH: '/fake/bin:/usr/sbin:/usr/bin', LC_ALL: 'C.UTF-8' } });
      children.add(child);
      child.once('close', () => children.delete(child));
      child.stdin.on('error', () => undefined);
      return child;
    },
    boot: async () => {
      await rm(join(fake, 'request'), { force: true });
      await writeFile(bootId, `${randomUUID()}\n`);
      for (const name of ['tmp', 'run']) {
        await rm(join(root, name), { recursive: true, force: true });
        await directoryForBuildUser(join(root, name));
      }
    },
    halt: () => {
      for (const child of children) child.kill('SIGKILL');
    },
    close: async () => {
      watcher.close();
      guest.halt();
      while (children.size > 0) await new Promise(resolve => setTimeout(resolve, 10));
    },
  };
  return guest;
}

async function emptySystem(root: string): Promise<void> {
  for (const name of ['etc', 'etc/sudoers.d', 'home', 'opt', 'root', 'var', 'var/log', 'var/tmp']) {
    await directoryForBuildUser(join(root, name));
  }
  for (const name of ['usr', 'proc', 'dev', 'fake']) await mkdir(join(root, name));
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(join('usr', name), join(root, name));
}

/** By the kernel's notice of a change, because the asking command may go on for as long as it likes. */
function watchRequests(directory: string, onRequest: (request: Request) => void): FSWatcher {
  let pending = false;
  return watch(directory, (_, name) => {
    if (name !== 'request' || pending) return;
    const request = readRequest(join(directory, name));
    if (request === undefined) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      onRequest(request);
    }, EFFECT_MS);
  });
}

function readRequest(path: string): Request | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : (text as Request);
  } catch {
    // Taken back by a new boot.
    return undefined;
  }
}
