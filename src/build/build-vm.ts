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
import type { DataDiskChain, ImageDisks } from './image-disks.ts';
import type { StageContext } from './services.ts';

/** The account that steps run as, as in AIB's own build machines. Made for one machine, gone from the image. */
export const BUILD_USER = 'packer';

export interface VmRequest {
  readonly role: 'build' | 'validation';
  /** The machine's directory; made if need be. */
  readonly directory: string;
  /** The disks to start from. None of them is written to. */
  readonly disks: ImageDisks;
  readonly virtualSizeBytes: number;
  readonly generation: Generation;
  readonly devices: DeviceProfile;
  readonly cpus: number;
  readonly memoryMiB: number;
}

export interface BootedVm {
  readonly session: GuestSession;
  /** The overlays that the machine writes to, on what it started from. */
  readonly disks: ImageDisks;
}

/**
 * Starts a machine on new overlays of its disks, logs in, and waits until it is ready. Nothing runs any more when it
 * rejects; the serial log and a screenshot stay.
 *
 * @throws KilnError of the driver, `GuestNotReady`, `MachineStopped`, with the last serial lines.
 */
export async function bootVm(request: VmRequest, context: StageContext): Promise<BootedVm> {
  const { emit, signal, services } = context;
  const files = machineDirectory(request.directory);
  const { chain, dataDisks } = request.disks;
  const [base = '', ...below] = chain;
  await directoryForBuildUser(request.directory);
  await createOverlay(files.disk, base, { sizeBytes: request.virtualSizeBytes, below, signal });
  if (dataDisks.length > 0) await directoryForBuildUser(files.dataDisks);
  const ownDataDisks: DataDiskChain[] = [];
  for (const disk of dataDisks) ownDataDisks.push(await ownDataDisk(disk, files.dataDisks, signal));

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
      dataDisks: dataDisks.map(({ lun }) => lun),
      bases: [...chain, ...dataDisks.flatMap(disk => disk.chain)],
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
    return { session, disks: { chain: [files.disk, ...chain], dataDisks: ownDataDisks } };
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

/** Makes what a machine writes to in place of a data disk. */
async function ownDataDisk(
  { lun, chain, virtualSizeBytes }: DataDiskChain,
  directory: string,
  signal: AbortSignal,
): Promise<DataDiskChain> {
  const path = dataDiskFile(directory, lun);
  const [base, ...below] = chain;
  if (base === undefined) await createEmptyDisk(path, virtualSizeBytes, signal);
  else await createOverlay(path, base, { below, kind: 'data', signal });
  return { lun, chain: [path, ...chain], virtualSizeBytes };
}

/** In the range that Azure's machines have. */
function freshMac(): string {
  return ['00', '0d', '3a', ...[...randomBytes(3)].map(byte => byte.toString(16).padStart(2, '0'))].join(':');
}
