import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { machineError } from '../../errors/machine.ts';
import type { KilnHome } from '../../home/kiln-home.ts';
import { dataDiskFile, type MachineDirectory, machineDirectory } from '../../home/run-directory.ts';
import { type GuestNetwork, guardedNetwork } from '../../network/namespace.ts';
import { asBuildUser, directoryForBuildUser, giveToBuildUser } from '../../sandbox/build-user.ts';
import type { Machine, MachineDriver, MachineSpec } from '../machine.ts';
import { type Accelerator, findAccelerator } from './accelerator.ts';
import { INSIDE, qemuArguments, SSH_PORT } from './arguments.ts';
import { type Firmware, findFirmware } from './firmware.ts';
import { type HeldProcess, holdProcess } from './holder.ts';
import { QemuMachine } from './qemu-machine.ts';
import { QmpClient } from './qmp.ts';
import { type SandboxPaths, sandboxedCommand } from './sandboxed-command.ts';
import { SerialConsole } from './serial-console.ts';
import { startFailure } from './start-failure.ts';

/** The kernel's limit for the path of a Unix socket, without the final zero byte. */
const MAX_SOCKET_PATH = 107;
/** From the start of the sandbox to QEMU's first answer; a machine under load needs seconds, not minutes. */
const START_SECONDS = 60;

export interface QemuDriverOptions {
  readonly home: KilnHome;
  /** `network.allow` of the site. */
  readonly allow: readonly string[];
}

/** Build machines on QEMU, each in a sandbox of its own. */
export function qemuDriver(options: QemuDriverOptions): MachineDriver {
  return { start: (spec, signal) => start(options, spec, signal) };
}

async function start(options: QemuDriverOptions, spec: MachineSpec, signal: AbortSignal): Promise<Machine> {
  const files = machineDirectory(spec.directory);
  const { accelerator } = await findAccelerator(options.home, signal);
  const firmware = spec.generation === 'V2' ? await findFirmware() : undefined;
  const network = await guardedNetwork(options.allow);
  const command = sandboxedCommand(
    await asBuildUser(),
    network.command,
    sandboxPaths(spec, files, network, accelerator, firmware),
    { socket: INSIDE_FILES.ssh, port: SSH_PORT },
    ['qemu-system-x86_64', ...commandLine(spec, accelerator, firmware)],
  );
  let held: HeldProcess | undefined;
  const onAbort = () => held?.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await prepareDirectory(files, network, firmware);
    signal.throwIfAborted();
    held = holdProcess(command, files.qemuLog);
    return await attach(spec, files, held, accelerator);
  } catch (error) {
    held?.kill();
    await held?.ended;
    await rm(files.io, { recursive: true, force: true });
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const INSIDE_FILES = machineDirectory(INSIDE);

function commandLine(spec: MachineSpec, accelerator: Accelerator, firmware: Firmware | undefined): string[] {
  const { disk, seed, uefiVariables, qmp, serial } = INSIDE_FILES;
  const files = {
    ...{ disk, qmp, serial, virtualSizeBytes: spec.virtualSizeBytes },
    dataDisks: spec.dataDisks.map(lun => ({ lun, file: dataDiskFile(INSIDE_FILES.dataDisks, lun) })),
    seed: spec.seed ? seed : undefined,
    uefiVariables: firmware === undefined ? undefined : uefiVariables,
  };
  return qemuArguments(spec, files, accelerator, firmware);
}

/** QEMU sees its disks and sockets. Kiln's own files in the directory, among them the guest's key, it does not. */
function sandboxPaths(
  spec: MachineSpec,
  files: MachineDirectory,
  network: GuestNetwork,
  accelerator: Accelerator,
  firmware: Firmware | undefined,
): SandboxPaths {
  const seenAs = (name: 'io' | 'disk' | 'seed' | 'uefiVariables') => ({
    path: files[name],
    inside: INSIDE_FILES[name],
  });
  const dataDisks = spec.dataDisks.map(lun => ({
    path: dataDiskFile(files.dataDisks, lun),
    inside: dataDiskFile(INSIDE_FILES.dataDisks, lun),
  }));
  return {
    writableDirectory: seenAs('io'),
    writable: [seenAs('disk'), ...dataDisks, ...(firmware === undefined ? [] : [seenAs('uefiVariables')])],
    // An overlay names its base by the path that it has outside.
    readOnly: [
      ...[...new Set(spec.bases)].map(path => ({ path, inside: path })),
      ...(spec.seed ? [seenAs('seed')] : []),
    ],
    outerResolvConf: files.outerResolvConf,
    innerResolvConf: files.innerResolvConf,
    devices: network.devices,
    kvm: accelerator === 'kvm',
  };
}

async function prepareDirectory(
  files: MachineDirectory,
  network: GuestNetwork,
  firmware: Firmware | undefined,
): Promise<void> {
  const longest = [files.ssh, files.qmp, files.serial].sort((a, b) => a.length - b.length).at(-1) ?? '';
  if (Buffer.byteLength(longest) > MAX_SOCKET_PATH) {
    throw machineError('SandboxUnavailable', {
      reason: `the path ${longest} is too long for a Unix socket (${MAX_SOCKET_PATH} bytes); choose a shorter KILN_HOME`,
    });
  }
  await rm(files.io, { recursive: true, force: true });
  await directoryForBuildUser(files.io);
  for (const [path, content] of [
    [files.outerResolvConf, network.outerResolvConf],
    [files.innerResolvConf, network.innerResolvConf],
  ] as const) {
    await writeFile(path, content);
    await giveToBuildUser(path);
  }
  if (firmware === undefined) return;
  await copyFile(firmware.variables, files.uefiVariables);
  await chmod(files.uefiVariables, 0o600);
  await giveToBuildUser(files.uefiVariables);
}

/** Waits until QEMU answers, and lets the guest run. */
async function attach(
  spec: MachineSpec,
  files: MachineDirectory,
  held: HeldProcess,
  accelerator: Accelerator,
): Promise<Machine> {
  const machine: { current?: QemuMachine } = {};
  const qmp = await connectToQemu(spec, files, held, (name, data) => machine.current?.onEvent(name, data));
  const console = new SerialConsole(files.serial, files.serialLog);
  machine.current = new QemuMachine({ spec, files, held, accelerator, qmp, console });
  try {
    await qmp.execute('cont');
  } catch (error) {
    held.kill();
    throw await startFailure(spec.role, files, (await held.ended).code, (error as Error).message);
  }
  return machine.current;
}

async function connectToQemu(
  spec: MachineSpec,
  files: MachineDirectory,
  held: HeldProcess,
  onEvent: (name: string, data: Record<string, unknown>) => void,
): Promise<QmpClient> {
  let end: { readonly code: number | undefined } | undefined;
  void held.ended.then(result => {
    end = result;
  });
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    // The socket is there a moment before QEMU listens on it.
    const qmp = await QmpClient.connect(files.qmp, onEvent).catch(() => undefined);
    if (qmp !== undefined) return qmp;
    if (end !== undefined) {
      throw await startFailure(spec.role, files, end.code, `QEMU ended with exit code ${end.code ?? '?'}`);
    }
    if (Date.now() > deadline) {
      throw await startFailure(spec.role, files, undefined, `QEMU did not answer within ${START_SECONDS} s`);
    }
    await delay(20);
  }
}
