import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { execa } from 'execa';
import { PHASES, type TimedBuild } from './phases.ts';
import type { Workspace } from './workspace.ts';

/** Two builds, one right after the other. */
export interface Pair {
  readonly kiln: TimedBuild;
  readonly packer: TimedBuild;
  /** The host's load average over a minute when the first of them began. */
  readonly load: number;
}

/** What the figures hold for. */
export async function machineFacts({ machine, accelerator, source }: Workspace): Promise<readonly string[]> {
  const [qemu, packer] = await Promise.all([
    firstLine('qemu-system-x86_64', '--version'),
    firstLine('packer', 'version'),
  ]);
  const memory = Math.round(totalmem() / 1024 ** 3);
  return [
    `host      ${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${memory} GiB, Linux ${release()}`,
    `tools     ${qemu}; ${packer}; Node ${process.version}`,
    `build VM  ${accelerator}, q35, UEFI, ${machine.cpus} processors, ${machine.memoryMiB} MiB`,
    `source    ${source.digest}`,
  ];
}

export function pairLine({ kiln, packer, load }: Pair, index: number): string {
  const ratio = (kiln.seconds / packer.seconds).toFixed(2);
  return columns([String(index), seconds(kiln.seconds), seconds(packer.seconds), ratio, load.toFixed(1)]);
}

export const PAIR_HEADING = columns(['pair', 'kiln', 'packer', 'kiln/packer', 'load before']);

/** Medians, the spread of the ratio, and where the time goes. */
export function summary(pairs: readonly Pair[]): readonly string[] {
  const [kiln, packer] = [pairs.map(pair => pair.kiln), pairs.map(pair => pair.packer)];
  const ratios = pairs.map(pair => pair.kiln.seconds / pair.packer.seconds);
  const medianSeconds = (builds: readonly TimedBuild[]) => seconds(median(builds.map(build => build.seconds)));
  const phase = (builds: readonly TimedBuild[], i: number) =>
    seconds(median(builds.map(build => build.phases[i] ?? 0)));
  return [
    columns(['median', medianSeconds(kiln), medianSeconds(packer), median(ratios).toFixed(2)]),
    '',
    `ratio kiln/packer, pair by pair: min ${Math.min(...ratios).toFixed(2)}, median ${median(ratios).toFixed(2)}, max ${Math.max(...ratios).toFixed(2)}`,
    '',
    columns(['medians', 'kiln', 'packer']),
    ...PHASES.map((name, i) => `${columns(['', phase(kiln, i), phase(packer, i)])}  ${name}`),
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function columns([first = '', ...rest]: readonly string[]): string {
  return first.padEnd(8) + rest.map(cell => cell.padStart(12)).join('');
}

async function firstLine(file: string, argument: string): Promise<string> {
  const { stdout } = await execa(file, [argument], { env: { CHECKPOINT_DISABLE: '1' } });
  return stdout.split('\n')[0] ?? '';
}
