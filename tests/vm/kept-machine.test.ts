import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { RESOLVER } from '../../src/network/guard.ts';
import { hostNetwork } from '../../src/network/host-network.ts';
import { buildUser } from '../../src/sandbox/build-user.ts';
import { hasRoute, hostListeners, namespaceOf, threadStatus } from './harness/host-view.ts';
import { lastingProcesses, processesOf } from './harness/leftovers.ts';
import { useRing } from './harness/ring.ts';
import { shell } from './harness/template.ts';

const ring = useRing();
const fails = { customize: [shell('leaves-something', 'echo evidence >/tmp/evidence', 'exit 9')] };

test('a machine that is kept after an error is guarded, can be logged in to, and is removed on demand', async () => {
  const build = await ring.build(fails, '--on-error', 'abort', '--keep-for', '30m');
  const { runId, exitCode } = await build.summary();
  expect(exitCode).toBe(1);
  const kept = build.events.find(event => event.type === 'machine-kept');
  expect(kept).toMatchObject({ role: 'build', ssh: `kiln ssh ${runId}` });
  const { keptUntil } = (await ring.json('runs', 'show', runId)) as { keptUntil: string };
  const remaining = Date.parse(keptUntil) - Date.now();
  expect(remaining).toBeGreaterThan(0);
  expect(remaining).toBeLessThan(30 * 60_000);

  const ssh = (script: string) => ring.kiln('ssh', runId, script);
  expect(await ssh('cat /tmp/evidence; id --user --name')).toMatchObject({ exitCode: 0, stdout: 'evidence\npacker\n' });
  expect(await ssh('exit 5')).toMatchObject({ exitCode: 5 });

  await expectHardened();
  await expectGuarded(ssh);

  expect((await ring.kiln('runs', 'clean', runId)).exitCode).toBe(0);
  expect(await ssh('true')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has no VM to log in to') });
});

/** The machine's processes as the host sees them. */
async function expectHardened(): Promise<void> {
  const [host, user] = [await namespaceOf('self', 'mnt'), await buildUser()];
  const sandboxed = [];
  for (const found of await processesOf(ring.at.root)) {
    if ((await namespaceOf(found.pid, 'mnt')) !== host) sandboxed.push(found);
  }
  expect(sandboxed.map(({ command }) => command.split(' ')[0])).toEqual(
    expect.arrayContaining(['pasta', 'socat', 'qemu-system-x86_64']),
  );
  for (const { pid, command } of sandboxed) {
    for (const { Uid, NoNewPrivs } of await threadStatus(pid)) {
      expect({ command, Uid, NoNewPrivs }).toEqual({
        command,
        Uid: Array(4).fill(user.uid).join('\t'),
        NoNewPrivs: '1',
      });
    }
  }
  const qemu = await qemuPid();
  const none = '0'.repeat(16);
  for (const status of await threadStatus(qemu)) {
    expect(status).toMatchObject({ CapEff: none, CapPrm: none, CapInh: none, Seccomp: '2' });
  }
  for (const kind of ['net', 'mnt', 'user', 'pid'] as const) {
    expect(await namespaceOf(qemu, kind), kind).not.toBe(await namespaceOf('self', kind));
  }
  expect(await hostListeners(sandboxed.map(({ pid }) => pid))).toEqual([]);
}

async function qemuPid(): Promise<number> {
  const qemu = (await processesOf(ring.at.root)).filter(({ command }) => command.startsWith('qemu-system'));
  expect(qemu).toHaveLength(1);
  return qemu[0]?.pid ?? 0;
}

/** What the guest can't reach: this machine's loopback and addresses, its neighbours, private networks, metadata services. */
async function expectGuarded(ssh: (script: string) => Promise<{ readonly stdout: string }>): Promise<void> {
  let reached = 0;
  const server = createServer(socket => {
    reached += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;

  const own = Object.values(networkInterfaces()).flatMap(list => list ?? []);
  const ownAddresses = own.flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? address : []));
  const neighbours = (await hostNetwork()).ranges.map(range =>
    range.replace(/\d+\/\d+$/, last => `${Number.parseInt(last, 10) | 1}`),
  );
  const closed = ['169.254.169.254', '10.0.0.1', '172.16.0.1', '192.168.0.1', '192.168.1.1', '100.64.0.1'];
  const qemu = await qemuPid();
  for (const target of [...closed, ...ownAddresses, ...neighbours])
    expect(await hasRoute(qemu, target), target).toBe(false);
  expect(await hasRoute(qemu, RESOLVER)).toBe(true);

  // The last one shows that the script can tell.
  const virtual = ['168.63.129.16', '168.63.129.3', '168.63.129.2', '10.0.2.2'].map(host => `${host}/${port}`);
  const outside = ['169.254.169.254/80', ...ownAddresses.map(host => `${host}/${port}`), '127.0.0.1/22'];
  const script = [...virtual, ...outside].map(
    target => `if timeout 5 bash -c '</dev/tcp/${target}' 2>/dev/null; then echo reached ${target}; fi`,
  );
  expect((await ssh(script.join('\n'))).stdout).toBe('reached 127.0.0.1/22\n');
  server.close();
  expect(reached).toBe(0);
}

test('a kept machine ends by itself when its time is over', async () => {
  const build = await ring.build(fails, '--on-error', 'abort', '--keep-for', '5s');
  const { runId } = await build.summary();
  expect(build.events.some(event => event.type === 'machine-kept')).toBe(true);
  expect(await lastingProcesses(ring.at.root, 60_000)).toEqual([]);
  expect(await ring.json('runs', 'show', runId)).toMatchObject({ keptUntil: null });
});
