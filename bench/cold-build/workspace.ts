import { chmod, copyFile, cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { BUILD_USER } from '../../src/build/build-vm.ts';
import { finishScript } from '../../src/build/generalize-scripts.ts';
import { writeSeed } from '../../src/guest/cloud-init/seed.ts';
import { READINESS } from '../../src/guest/readiness.ts';
import { makeKeyPair } from '../../src/guest/ssh/key-pair.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { findAccelerator } from '../../src/machine/qemu/accelerator.ts';
import { type Firmware, findFirmware } from '../../src/machine/qemu/firmware.ts';
import { directoryForBuildUser } from '../../src/sandbox/build-user.ts';
import { listRecords } from '../../src/sources/source-index.ts';
import { sourcePaths } from '../../src/sources/source-paths.ts';
import { KILN, KILN_TEMPLATE, SOURCE } from './job.ts';

const planSchema = z.object({
  source: z.object({ path: z.string(), digest: z.string() }),
  machine: z.object({ cpus: z.int(), memoryMiB: z.int() }),
});

/** Everything that both tools are given. All of it lies below `root`. */
export interface Workspace extends z.output<typeof planSchema> {
  readonly root: string;
  readonly kilnHome: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly firmware: Firmware;
  /** What Packer's template needs and Kiln makes for itself. */
  readonly seed: string;
  readonly key: string;
  readonly readyScript: string;
  readonly finishScript: string;
}

/** A new directory that QEMU's user can walk into. */
export async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'kiln-bench-'));
  await chmod(root, 0o755);
  return root;
}

/**
 * Copies the source from the user's `KILN_HOME` into one of its own and writes Packer's inputs: the very scripts and the
 * kind of seed that Kiln uses.
 *
 * @returns `undefined` when the source is not on this machine.
 */
export async function makeWorkspace(root: string, signal: AbortSignal): Promise<Workspace | undefined> {
  const home = kilnHome({ KILN_HOME: join(root, 'home') });
  const [from, to] = [sourcePaths(kilnHome()), sourcePaths(home)];
  const records = (await listRecords(from)).filter(record => SOURCE in record.names);
  if (records.length === 0) return undefined;
  await mkdir(to.index, { recursive: true });
  await mkdir(to.disks);
  for (const { id, version, digest } of records) {
    await copyFile(from.record(id, version), to.record(id, version));
    await cp(from.disk(digest), to.disk(digest), { preserveTimestamps: true });
  }
  // Asked here, so that no measured build has to find it out.
  const { accelerator } = await findAccelerator(home);
  const { stdout } = await execa(KILN, ['plan', KILN_TEMPLATE, '--output', 'json'], {
    env: { KILN_HOME: home.root },
    cancelSignal: signal,
  });
  const plan = planSchema.parse(JSON.parse(stdout));
  return {
    ...plan,
    root,
    kilnHome: home.root,
    accelerator,
    firmware: await findFirmware(),
    ...(await packerInputs(join(root, 'inputs'), signal)),
  };
}

async function packerInputs(directory: string, signal: AbortSignal) {
  await directoryForBuildUser(directory);
  const files = {
    seed: join(directory, 'seed.iso'),
    key: join(directory, 'id_ed25519'),
    readyScript: join(directory, 'ready.sh'),
    finishScript: join(directory, 'finish.sh'),
  };
  const [userKey, hostKey] = [makeKeyPair('packer'), makeKeyPair('host')];
  const hostName = 'kiln-build';
  await writeSeed(
    files.seed,
    {
      instanceId: basename(directory),
      hostName,
      user: BUILD_USER,
      authorizedKey: userKey.publicKey,
      hostKey,
    },
    signal,
  );
  await writeFile(files.key, userKey.privateKey, { mode: 0o600 });
  await writeFile(files.readyScript, ['#!/bin/sh', ...READINESS.map(wait => wait.script)].join('\n'));
  await writeFile(files.finishScript, finishScript(BUILD_USER, hostName));
  return files;
}
