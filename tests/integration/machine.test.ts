import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmptyDisk } from '../../src/disk/empty-disk.ts';
import { dataDiskFile } from '../../src/home/run-directory.ts';
import type { Machine, MachineSpec } from '../../src/machine/machine.ts';
import { findAccelerator } from '../../src/machine/qemu/accelerator.ts';
import { qemuDriver } from '../../src/machine/qemu/driver.ts';
import { buildUser, directoryForBuildUser } from '../../src/sandbox/build-user.ts';
import { lastingProcesses, processesOf } from '../vm/harness/leftovers.ts';
import { type MachineFixture, machineFixture } from './machine-fixture.ts';
import { nodeProcess } from './machine-processes.ts';

const never = new AbortController().signal;
let fixture: MachineFixture;
let machine: Machine | undefined;

beforeEach(async () => {
  fixture = await machineFixture();
});

afterEach(async () => {
  await machine?.stop();
  machine = undefined;
  await fixture.remove();
});

async function start(more: Partial<MachineSpec> = {}, signal = never): Promise<Machine> {
  machine = await qemuDriver({ home: fixture.home, allow: [] }).start(fixture.spec(more), signal);
  return machine;
}

async function qemuPid(): Promise<number> {
  const [qemu] = (await processesOf(fixture.files.root)).filter(({ command }) => command.startsWith('qemu-system'));
  if (qemu === undefined) throw new Error('no QEMU');
  return qemu.pid;
}

describe('a running machine', () => {
  test('is the build user without privileges, in namespaces of its own', async () => {
    await start();
    const pid = await qemuPid();
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const { uid } = await buildUser();
    expect(status).toMatch(new RegExp(`^Uid:\\s${uid}\\s${uid}\\s${uid}\\s${uid}$`, 'm'));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
      expect(status).toMatch(new RegExp(`^${set}:\\s0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(status).toMatch(/^Seccomp:\s2$/m);
    for (const kind of ['net', 'mnt', 'pid', 'ipc', 'uts', 'user']) {
      expect(await readlink(`/proc/${pid}/ns/${kind}`), kind).not.toBe(await readlink(`/proc/self/ns/${kind}`));
    }
  });

  test('sees its disks and sockets, and nothing that is only for Kiln', async () => {
    await writeFile(fixture.files.key, 'secret');
    await start();
    const pid = await qemuPid();
    expect(await readdir(`/proc/${pid}/root/machine`)).toEqual(['disk.qcow2', 'io']);
    const open = await Promise.all(
      (await readdir(`/proc/${pid}/fd`)).map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
    );
    const files = open.filter(path => path.startsWith('/') && !path.startsWith('/dev/') && !path.startsWith('/memfd:'));
    expect(new Set(files)).toEqual(
      new Set(['/machine/disk.qcow2', join(fixture.home.root, 'base.qcow2'), fixture.files.qemuLog]),
    );
  });

  test.each(['virtio', 'ahci', 'scsi'] as const)(
    'has its data disks, whatever it connects disks to (%s)',
    async disk => {
      const dataDisks = [...Array(19).keys(), 63];
      await directoryForBuildUser(fixture.files.dataDisks);
      const paths = dataDisks.map(lun => dataDiskFile(fixture.files.dataDisks, lun));
      for (const path of paths) await createEmptyDisk(path, 2 ** 40);
      await start({ dataDisks, devices: { disk, nic: 'virtio' } });
      const pid = await qemuPid();
      const open = await Promise.all((await readdir(`/proc/${pid}/fd`)).map(fd => readlink(`/proc/${pid}/fd/${fd}`)));
      const seen = paths.map(path => path.replace(fixture.files.root, '/machine'));
      expect(new Set(open)).toEqual(new Set([...open, ...seen]));
      expect(open.filter(path => path.includes('/data-disks/'))).toHaveLength(dataDisks.length);
      // An empty disk takes next to no room.
      for (const path of paths) expect((await stat(path)).blocks * 512).toBeLessThan(1024 * 1024);
    },
  );

  test('opens no port on the host, and in its own network only the way to SSH', async () => {
    const before = await readFile('/proc/net/tcp', 'utf8');
    await start();
    const pid = await qemuPid();
    expect(await listening(`/proc/${pid}/net`)).toEqual(['tcp 0100007F:08AE']);
    const pids = (await processesOf(fixture.files.root)).map(process_ => process_.pid);
    expect(await listeningInodes('/proc/self/net')).not.toEqual(expect.arrayContaining(await socketInodes(pids)));
    expect(before.length).toBeGreaterThan(0);
    expect((await lstat(fixture.files.ssh)).isSocket()).toBe(true);
    expect((await lstat(fixture.files.ssh)).mode & 0o777).toBe(0o600);
  });

  test('writes a picture of its screen, and only a file counts as one', async () => {
    const { screenshot } = await start();
    await delay(500);
    await screenshot.call(machine, fixture.files.screenshot);
    const picture = await readFile(fixture.files.screenshot);
    expect(picture.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
    await machine?.powerdown();
  });

  test('leaves nothing when it is stopped, twice if need be, and says that it was', async () => {
    const { ended } = await start();
    await Promise.all([machine?.stop(), machine?.stop()]);
    expect(await processesOf(fixture.files.root)).toEqual([]);
    expect(await readdir(fixture.files.root)).not.toContain('io');
    expect((await ended).how).toBe('stopped');
    await machine?.stop();
    await expect(machine?.screenshot(fixture.files.screenshot)).rejects.toThrow('has ended');
    await expect(machine?.powerdown()).rejects.toThrow('has ended');
  });

  test('that is killed from outside has crashed, and nothing of it is left', async () => {
    const { ended } = await start();
    process.kill(await qemuPid(), 'SIGKILL');
    expect((await ended).how).toBe('crashed');
    expect(await processesOf(fixture.files.root)).toEqual([]);
  });

  test.each([
    ['V1', { disk: 'ahci', nic: 'e1000e' }],
    ['V1', { disk: 'scsi', nic: 'virtio' }],
    ['V2', { disk: 'virtio', nic: 'virtio' }],
    ['V2', { disk: 'ahci', nic: 'e1000e' }],
  ] as const)('of generation %s may have %j', async (generation, devices) => {
    await writeFile(fixture.files.seed, Buffer.alloc(2048));
    await chmod(fixture.files.seed, 0o644);
    await start({ generation, devices, seed: true, memoryMiB: 128 });
    expect(await readdir(`/proc/${await qemuPid()}/root/machine`)).toContain('seed.iso');
  });
});

describe('a start', () => {
  test('with a disk that is none fails with what QEMU says', async () => {
    await writeFile(fixture.files.disk, 'this is no disk');
    const failed = start();
    await expect(failed).rejects.toMatchObject({ code: 'MachineStartFailed', log: fixture.files.qemuLog });
    await expect(failed).rejects.toThrow(/qcow2/);
    expect(await processesOf(fixture.files.root)).toEqual([]);
  });

  test('whose base is missing fails and names it', async () => {
    const failed = start({ bases: ['/missing/base.qcow2'] });
    await expect(failed).rejects.toThrow('/missing/base.qcow2');
    expect(await processesOf(fixture.files.root)).toEqual([]);
  });

  test('in a directory whose sockets would have too long a path is refused, counted in bytes', async () => {
    // One byte too long for the longest name, and in characters below the limit.
    const missing = 108 - Buffer.byteLength(join(fixture.files.root, '/io/serial.sock'));
    const failed = start({ directory: join(fixture.files.root, `ü${'x'.repeat(missing - 3)}`) });
    await expect(failed).rejects.toMatchObject({ code: 'SandboxUnavailable' });
    await expect(failed).rejects.toThrow('serial.sock is too long');
  });

  test('aborted at any moment leaves no process and no socket', async () => {
    await findAccelerator(fixture.home);
    let started = 0;
    for (const ms of [0, 10, 30, 60, 100, 150, 200, 300, 450, 700]) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(new Error('now')), ms);
      const result = await start({}, abort.signal).then(
        () => 'started',
        (error: Error) => error.message,
      );
      clearTimeout(timer);
      if (result === 'started') {
        started += 1;
        await machine?.stop();
      } else expect(result, `${ms} ms`).toBe('now');
      expect(await processesOf(fixture.files.root), `${ms} ms`).toEqual([]);
      expect(await readdir(fixture.files.root), `${ms} ms`).not.toContain('io');
    }
    expect(started).toBeLessThan(10);
  });
});

describe('a process with a machine', () => {
  test('ends by itself once the machine is stopped', async () => {
    const other = nodeProcess('machine-process.ts', ['stop', fixture.home.root]);
    const root = await other.line();
    const code = await Promise.race([other.ended, delay(10_000, 'still there')]);
    expect(code).toBe(0);
    expect(await processesOf(root)).toEqual([]);
  });

  test('takes it along when it is killed', async () => {
    const other = nodeProcess('machine-process.ts', ['wait', fixture.home.root]);
    const root = await other.line();
    expect((await processesOf(root)).length).toBeGreaterThan(3);
    other.child.kill('SIGKILL');
    expect(await lastingProcesses(root)).toEqual([]);
  });

  test('leaves behind what it keeps, until its time is over', async () => {
    const other = nodeProcess('machine-process.ts', ['keep', fixture.home.root]);
    const root = await other.line();
    expect(await Promise.race([other.ended, delay(3000, 'still there')])).toBe(0);
    expect((await processesOf(root)).length).toBeGreaterThan(3);
    expect((await stat(join(root, 'kept.json'))).mode & 0o777).toBe(0o600);
    expect(await lastingProcesses(root)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)('needs no root', async () => {
    const { uid, gid } = await buildUser();
    const home = await mkdtemp(join(tmpdir(), 'kiln-user-'));
    try {
      await chmod(home, 0o777);
      // Where the checkout lies may be closed to others: a mount of its own shows it to that user.
      const checkout = join(import.meta.dirname, '../..');
      const seen = join(home, 'checkout');
      await mkdir(seen);
      const show = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';
      const asUser = [
        ...['unshare', '--mount', '--', 'sh', '-c', show, 'sh', checkout, seen],
        ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--'],
      ];
      const state = join(home, 'state');
      await mkdir(state);
      await chmod(state, 0o777);
      const other = nodeProcess('machine-process.ts', ['stop', state], asUser, path => path.replace(checkout, seen));
      const root = await other.line();
      expect(await other.ended).toBe(0);
      expect(root.startsWith(home)).toBe(true);
      expect(await lastingProcesses(home)).toEqual([]);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});

describe('the accelerator', () => {
  test('is one that runs guests, and is remembered', async () => {
    const found = await findAccelerator(fixture.home);
    expect(['kvm', 'tcg']).toContain(found.accelerator);
    const begin = performance.now();
    expect(await findAccelerator(fixture.home)).toEqual(found);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(JSON.parse(await readFile(fixture.home.machineFacts, 'utf8'))).toMatchObject(found);
  });

  test('is found by several at once, and what was tried is gone', async () => {
    const [one, two] = await Promise.all([findAccelerator(fixture.home), findAccelerator(fixture.home)]);
    expect(one).toEqual(two);
    expect((await readdir(fixture.home.root)).filter(name => name.startsWith('machine.json'))).toEqual([
      'machine.json',
    ]);
    expect((await readdir(tmpdir())).filter(name => name.startsWith('kiln-probe-'))).toEqual([]);
  });

  test('is not waited for after an abort', async () => {
    await expect(findAccelerator(fixture.home, AbortSignal.timeout(20))).rejects.toThrow();
    expect((await readdir(tmpdir())).filter(name => name.startsWith('kiln-probe-'))).toEqual([]);
  });
});

async function socketRows(directory: string): Promise<{ readonly name: string; readonly inode: string }[]> {
  const rows: { name: string; inode: string }[] = [];
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const text = await readFile(join(directory, protocol), 'utf8').catch(() => '');
    for (const row of text.trim().split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
      if (state === (protocol.startsWith('tcp') ? '0A' : '07')) rows.push({ name: `${protocol} ${local}`, inode });
    }
  }
  return rows;
}

async function listening(directory: string): Promise<string[]> {
  return (await socketRows(directory)).map(({ name }) => name);
}

async function listeningInodes(directory: string): Promise<string[]> {
  return (await socketRows(directory)).map(({ inode }) => inode);
}

async function socketInodes(pids: readonly number[]): Promise<string[]> {
  const links = await Promise.all(
    pids.map(async pid => {
      const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
      return Promise.all(fds.map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    }),
  );
  return links.flat().flatMap(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
