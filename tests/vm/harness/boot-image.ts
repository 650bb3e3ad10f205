import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GuestSession } from '../../../src/build/guest-session.ts';
import { diskInfo } from '../../../src/disk/disk-info.ts';
import { writeSeed } from '../../../src/guest/cloud-init/seed.ts';
import { makeKeyPair } from '../../../src/guest/ssh/key-pair.ts';
import { machineDirectory } from '../../../src/home/run-directory.ts';
import type { Generation } from '../../../src/machine/machine.ts';
import { qemuDriver } from '../../../src/machine/qemu/driver.ts';
import { directoryForBuildUser } from '../../../src/sandbox/build-user.ts';
import { runTool } from '../../../src/sandbox/tool.ts';
import type { TestHome } from './test-home.ts';

/** Runs one script in the guest as a user with sudo; resolves with what it printed. */
export type InGuest = (script: string) => Promise<string>;

const LIMIT_MS = 600_000;

/**
 * Boots a throw-away overlay of a VHD as somebody who got the file would: a new machine, new provisioning data, a new
 * user and key.
 */
export async function bootVhd<T>(
  at: TestHome,
  vhd: string,
  generation: Generation,
  work: (run: InGuest) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const files = machineDirectory(join(at.root, `visit-${generation}`));
  await directoryForBuildUser(files.root);
  const { virtualSizeBytes } = await diskInfo(vhd, 'vpc', { signal });
  const overlay = ['create', '-q', '-f', 'qcow2', '-F', 'vpc', '-b', vhd, files.disk];
  await runTool('qemu-img', overlay, { readable: [vhd], writable: [files.root], signal });
  const [userKey, hostKey] = [makeKeyPair('visitor'), makeKeyPair('host')];
  const uuid = randomUUID();
  const user = 'visitor';
  const provisioning = { instanceId: uuid, hostName: 'visited', user, authorizedKey: userKey.publicKey, hostKey };
  await writeSeed(files.seed, provisioning, signal);
  const machine = await qemuDriver({ home: at.home, allow: [] }).start(
    {
      ...{ role: 'visit', generation, cpus: 2, memoryMiB: 1024, virtualSizeBytes, bases: [vhd], seed: true, uuid },
      dataDisks: [],
      mac: '00:0d:3a:00:00:01',
      devices: { disk: 'virtio', nic: 'virtio' },
      directory: files.root,
    },
    signal,
  );
  const login = { user, privateKey: userKey.privateKey, hostKey: hostKey.publicKey };
  const session = new GuestSession(machine, login, () => undefined);
  try {
    await session.open(signal);
    return await work(async script => {
      const { exitCode, stdout, stderr } = await session.guest.run('sh -s', { input: script, signal });
      if (exitCode !== 0) throw new Error(`exit code ${exitCode} from\n${script}\n${stderr}`);
      return stdout.trim();
    });
  } finally {
    session.close();
    await machine.stop();
    await rm(files.root, { recursive: true, force: true });
  }
}
