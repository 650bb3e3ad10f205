import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createEmptyDisk } from '../disk/empty-disk.ts';
import { createOverlay } from '../disk/overlay.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { writeSeed } from '../guest/cloud-init/seed.ts';
import { makeKeyPair } from '../guest/ssh/key-pair.ts';
import { dataDiskFile, machineDirectory } from '../home/run-directory.ts';
import type { DeviceProfile, Generation } from '../machine/machine.ts';
import { directoryForBuildUser } from '../sandbox/build-user.ts';
import { GuestSession } from './guest-session.ts';
import type { StageContext } from './services.ts';

/** The account that steps run as, as in AIB's own build machines. Made for one machine, gone from the image. */
export const BUILD_USER = 'packer';

export interface VmRequest {
  readonly role: 'build' | 'validation';
  /** The machine's directory; made if need be. */
  readonly directory: string;
  /** The disk to start from and what it is layered on, the nearest first. None of it is written to. */
  readonly chain: readonly string[];
  readonly virtualSizeBytes: number;
  /** Empty disks beside it, by their LUN. */
  readonly dataDisks: readonly { readonly sizeBytes: number }[];
  readonly generation: Generation;
  readonly devices: DeviceProfile;
  readonly cpus: number;
  readonly memoryMiB: number;
}

export interface BootedVm {
  readonly session: GuestSession;
  /** The overlay that the machine writes to. */
  readonly disk: string;
}

/**
 * Starts a machine on a new overlay of a disk, logs in, and waits until it is ready. Nothing runs any more when it
 * rejects; the serial log and a screenshot stay.
 *
 * @throws KilnError of the driver, `GuestNotReady`, `MachineStopped`, with the last serial lines.
 */
export async function bootVm(request: VmRequest, context: StageContext): Promise<BootedVm> {
  const { emit, signal, services } = context;
  const files = machineDirectory(request.directory);
  const [base = '', ...below] = request.chain;
  await directoryForBuildUser(request.directory);
  await createOverlay(files.disk, base, { sizeBytes: request.virtualSizeBytes, below, signal });
  if (request.dataDisks.length > 0) await directoryForBuildUser(files.dataDisks);
  for (const [lun, { sizeBytes }] of request.dataDisks.entries()) {
    await createEmptyDisk(dataDiskFile(files.dataDisks, lun), sizeBytes, signal);
  }

  const uuid = randomUUID();
  const [userKey, hostKey] = [makeKeyPair(`${BUILD_USER}@kiln`), makeKeyPair('host@kiln')];
  const provisioning = {
    instanceId: uuid,
    hostName: `kiln-${request.role}`,
    user: BUILD_USER,
    authorizedKey: userKey.publicKey,
    hostKey,
  };
  await writeSeed(files.seed, provisioning, signal);
  await writeFile(files.key, userKey.privateKey, { mode: 0o600 });
  await writeFile(files.knownHosts, `kiln ${hostKey.publicKey}\n`, { mode: 0o600 });

  const machine = await services.machines.start(
    {
      role: request.role,
      generation: request.generation,
      cpus: request.cpus,
      memoryMiB: request.memoryMiB,
      virtualSizeBytes: request.virtualSizeBytes,
      dataDisks: request.dataDisks.length,
      bases: request.chain,
      seed: true,
      uuid,
      mac: freshMac(),
      devices: request.devices,
      directory: request.directory,
    },
    signal,
  );
  const { accelerator } = machine;
  const { role, cpus, memoryMiB } = request;
  emit({ type: 'machine-started', role, accelerator, cpus, memoryMiB });
  void machine.ended.then(() => emit({ type: 'machine-stopped', role }));
  const login = { user: BUILD_USER, privateKey: userKey.privateKey, hostKey: hostKey.publicKey };
  const session = new GuestSession(machine, login, emit);
  try {
    await session.open(signal);
    return { session, disk: files.disk };
  } catch (error) {
    session.close();
    const output = await machine.consoleTail(20);
    // Whoever canceled the build doesn't want to know how far the guest came; who waited until its deadline does.
    const canceled = signal.aborted && signal.reason?.name !== 'TimeoutError';
    const pictured = canceled
      ? false
      : await machine.screenshot(files.screenshot).then(
          () => true,
          () => false,
        );
    await machine.stop();
    if (pictured) emit({ type: 'log', level: 'info', message: `Screenshot of the ${role} VM: ${files.screenshot}` });
    signal.throwIfAborted();
    if (!(error instanceof KilnError)) throw error;
    throw error.with({ output, log: files.serialLog });
  }
}

/** In the range that Azure's machines have. */
function freshMac(): string {
  return ['00', '0d', '3a', ...[...randomBytes(3)].map(byte => byte.toString(16).padStart(2, '0'))].join(':');
}
