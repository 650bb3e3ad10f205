import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { machineError } from '../../errors/machine.ts';
import type { KilnHome } from '../../home/kiln-home.ts';
import { ownerName } from '../../home/process-lock.ts';
import { asBuildUser } from '../../sandbox/build-user.ts';
import { groupGone, killGroup } from '../../sandbox/process-group.ts';
import { BARE_ROOT, packageOf } from '../../sandbox/tool.ts';
import { EXIT_PORT, GREETED, probeFirmware } from './probe-guest.ts';

export type Accelerator = 'kvm' | 'tcg';

export interface ProbeResult {
  readonly accelerator: Accelerator;
  /** What was tried and what it answered, for `kiln doctor`. */
  readonly reason: string;
}

/** Long for one instruction, short for a person. */
const PROBE_SECONDS = 5;

/**
 * The accelerator that works here. `/dev/kvm` may exist and never run a guest, so a tiny guest is
 * started on it and has to answer. The answer is kept until QEMU or the device changes.
 *
 * @throws KilnError `NoAccelerator` when not even emulation answers, `ToolMissing`; the signal's reason when aborted.
 */
export async function findAccelerator(home: KilnHome, signal?: AbortSignal): Promise<ProbeResult> {
  const key = await machineKey();
  const known = await remembered(home.machineFacts, key);
  if (known !== undefined) return known;
  const found = await probe(signal);
  await remember(home.machineFacts, { key, ...found });
  return found;
}

async function probe(signal: AbortSignal | undefined): Promise<ProbeResult> {
  const kvm = await stat('/dev/kvm').catch(() => undefined);
  const kvmAnswer = kvm === undefined ? 'there is no /dev/kvm' : await tryGuest('kvm', signal);
  if (kvmAnswer === undefined) return { accelerator: 'kvm', reason: 'KVM runs guests' };
  const tcgAnswer = await tryGuest('tcg', signal);
  if (tcgAnswer === undefined) return { accelerator: 'tcg', reason: `emulation, because ${kvmAnswer}` };
  throw machineError('NoAccelerator', { reason: `KVM: ${kvmAnswer}; emulation: ${tcgAnswer}` });
}

/** `undefined` when a guest ran, else why it didn't. */
async function tryGuest(accelerator: Accelerator, signal: AbortSignal | undefined): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'kiln-probe-'));
  try {
    await chmod(directory, 0o755);
    const firmware = join(directory, 'bios.bin');
    await writeFile(firmware, probeFirmware());
    await chmod(firmware, 0o644);
    return await runGuest(accelerator, firmware, signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A dead accelerator holds its QEMU for ever: it dies with this process too. */
async function runGuest(accelerator: Accelerator, firmware: string, signal: AbortSignal | undefined) {
  const [command = 'bwrap', ...args] = [
    ...(await asBuildUser()),
    ...['bwrap', '--die-with-parent', '--unshare-all', '--cap-drop', 'ALL', ...BARE_ROOT],
    ...(accelerator === 'kvm' ? ['--dev-bind', '/dev/kvm', '/dev/kvm'] : []),
    ...['--ro-bind', firmware, firmware, '--'],
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35'],
    ...['-accel', accelerator, '-m', '16M', '-bios', firmware],
    ...['-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
  ];
  signal?.throwIfAborted();
  const limit = AbortSignal.timeout(PROBE_SECONDS * 1000);
  const stopped = AbortSignal.any(signal === undefined ? [limit] : [limit, signal]);
  const running = execa(command, args, { reject: false, stdin: 'ignore', detached: true });
  const onStop = () => killGroup(running.pid);
  stopped.addEventListener('abort', onStop, { once: true });
  const result = await running;
  stopped.removeEventListener('abort', onStop);
  if (result.exitCode === GREETED) return undefined;
  await groupGone(running.pid);
  signal?.throwIfAborted();
  if (limit.aborted) return 'a guest was started and never ran';
  const last = result.stderr?.trim().split('\n').at(-1);
  return last || `QEMU ended with exit code ${result.exitCode ?? '?'}`;
}

async function machineKey(): Promise<string> {
  const kvm = await stat('/dev/kvm').catch(() => undefined);
  const { stdout, code } = await execa('qemu-system-x86_64', ['--version'], { reject: false });
  if (code === 'ENOENT') {
    throw machineError('ToolMissing', { tool: 'qemu-system-x86_64', package: packageOf('qemu-system-x86_64') });
  }
  return [stdout?.split('\n')[0] ?? '', kvm?.mode, kvm?.gid, kvm?.ctimeMs, process.getuid?.()].join('|');
}

async function remembered(file: string, key: string): Promise<ProbeResult | undefined> {
  try {
    const facts = JSON.parse(await readFile(file, 'utf8')) as { key?: string } & Partial<ProbeResult>;
    if (facts.key !== key || facts.accelerator === undefined || facts.reason === undefined) return undefined;
    return { accelerator: facts.accelerator, reason: facts.reason };
  } catch {
    return undefined;
  }
}

/** Losing the note only costs the next probe. */
async function remember(file: string, facts: ProbeResult & { readonly key: string }): Promise<void> {
  const half = `${file}.${ownerName()}`;
  await writeFile(half, JSON.stringify(facts))
    .then(() => rename(half, file))
    .catch(() => rm(half, { force: true }));
}
