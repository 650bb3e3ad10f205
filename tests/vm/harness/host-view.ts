import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Fields of `/proc/PID/status`, of every thread. */
export async function threadStatus(pid: number): Promise<readonly Readonly<Record<string, string>>[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(tasks.map(task => readFile(`/proc/${pid}/task/${task}/status`, 'utf8')));
  return texts.map(text =>
    Object.fromEntries(text.split('\n').map(line => [line.split(':')[0], line.split(':\t')[1]?.trim() ?? ''])),
  );
}

export function namespaceOf(pid: number | 'self', kind: 'net' | 'mnt' | 'user' | 'pid'): Promise<string> {
  return readlink(`/proc/${pid}/ns/${kind}`);
}

/** Ports on which one of the processes takes connections or datagrams from the host's own network. */
export async function hostListeners(pids: readonly number[]): Promise<string[]> {
  const fds = await Promise.all(pids.map(pid => socketsOf(pid)));
  const inodes = new Set(fds.flat());
  const listening: string[] = [];
  for (const [protocol, state] of [
    ['tcp', '0A'],
    ['tcp6', '0A'],
    ['udp', '07'],
    ['udp6', '07'],
  ] as const) {
    const table = await readFile(`/proc/self/net/${protocol}`, 'utf8').catch(() => '');
    for (const row of table.trim().split('\n').slice(1)) {
      const fields = row.trim().split(/\s+/);
      if (fields[3] === state && inodes.has(fields[9] ?? '')) listening.push(`${protocol} ${fields[1]}`);
    }
  }
  return listening;
}

/**
 * Whether the network namespace of a process has a way out to an address. Nothing is sent. The namespace has the host's
 * own addresses for its own: such a way ends in it.
 */
export async function hasRoute(pid: number, address: string): Promise<boolean> {
  const enter = ['--target', String(pid), '--user', '--net', '--preserve-credentials'];
  return run('nsenter', [...enter, 'ip', '-4', 'route', 'get', address], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  }).then(
    ({ stdout }) => !stdout.startsWith('local '),
    (error: { readonly stderr?: string }) => {
      if (error.stderr?.includes('RTNETLINK answers') === true) return false;
      throw error;
    },
  );
}

async function socketsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map(name => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.flatMap(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
