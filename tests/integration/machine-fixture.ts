import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type KilnHome, kilnHome } from '../../src/home/kiln-home.ts';
import { type MachineDirectory, machineDirectory } from '../../src/home/run-directory.ts';
import type { MachineSpec } from '../../src/machine/machine.ts';
import { directoryForBuildUser } from '../../src/sandbox/build-user.ts';
import { runTool } from '../../src/sandbox/tool.ts';

/** A home with a machine directory whose disk is empty: QEMU runs, and its firmware finds nothing to boot. */
export interface MachineFixture {
  readonly home: KilnHome;
  readonly files: MachineDirectory;
  spec(more?: Partial<MachineSpec>): MachineSpec;
  remove(): Promise<void>;
}

const MiB = 1024 * 1024;

/** Its path has what QEMU's options and shells give a meaning to. */
export async function machineFixture(parent = '/tmp'): Promise<MachineFixture> {
  const root = await mkdtemp(join(parent, 'kiln-m, a:b=$(c)-'));
  await chmod(root, 0o755);
  const files = machineDirectory(join(root, 'vm'));
  await directoryForBuildUser(files.root);
  const base = join(root, 'base.qcow2');
  await directoryForBuildUser(root);
  for (const args of [
    ['create', '-q', '-f', 'qcow2', base, '64M'],
    ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, files.disk],
  ]) {
    await runTool('qemu-img', args, { writable: [root] });
  }
  return {
    home: kilnHome({ KILN_HOME: root }),
    files,
    spec: more => ({
      role: 'build',
      generation: 'V1',
      cpus: 1,
      memoryMiB: 64,
      virtualSizeBytes: 64 * MiB,
      bases: [base],
      dataDisks: [],
      seed: false,
      uuid: randomUUID(),
      mac: '00:0d:3a:01:02:03',
      devices: { disk: 'virtio', nic: 'virtio' },
      directory: files.root,
      ...more,
    }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
