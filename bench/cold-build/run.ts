// Kiln against Packer on the same job, cold, in turns. docs/benchmark.md says what is the same and what is not.
import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ExecaError, execa } from 'execa';
import { z } from 'zod';
import { interruptSignal } from '../../src/cli/interrupt.ts';
import { SOURCE } from './job.ts';
import { buildWithKiln } from './kiln.ts';
import { buildWithPacker } from './packer.ts';
import type { TimedBuild } from './phases.ts';
import { machineFacts, PAIR_HEADING, type Pair, pairLine, summary } from './report.ts';
import { makeRoot, makeWorkspace, type Workspace } from './workspace.ts';

const FAILED = 1;
const INVALID = 2;
const UNFIT = 3;
const CANCELED = 130;

async function main(): Promise<number> {
  const runs = requestedRuns();
  if (runs === undefined) return fail(INVALID, 'usage: npm run bench:cold-build -- [--runs <1 to 99>]');
  for (const [tool, packages] of [
    ['packer', 'packer'],
    ['qemu-system-x86_64', 'qemu-system-x86'],
    ['qemu-img', 'qemu-utils'],
  ] as const) {
    const { failed } = await execa('sh', ['-c', 'command -v "$0"', tool], { reject: false });
    if (failed) return fail(UNFIT, `${tool} is missing. Install it first: apt-get install ${packages}`);
  }
  const signal = interruptSignal();
  const root = await makeRoot();
  try {
    const workspace = await makeWorkspace(root, signal);
    if (workspace === undefined) {
      return fail(UNFIT, `The source is not on this machine. Get it first: ./kiln source bootstrap ${SOURCE}`);
    }
    await compare(workspace, runs, signal);
    return 0;
  } catch (error) {
    if (signal.aborted) return CANCELED;
    if (error instanceof ExecaError) return fail(FAILED, [error.shortMessage, ...lastLines(error)].join('\n'));
    throw error;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function requestedRuns(): number | undefined {
  try {
    const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
    return /^[1-9]\d?$/.test(values.runs) ? Number(values.runs) : undefined;
  } catch {
    return undefined;
  }
}

async function compare(workspace: Workspace, runs: number, signal: AbortSignal): Promise<void> {
  say(...(await machineFacts(workspace)), '', PAIR_HEADING);
  const pairs: Pair[] = [];
  for (let index = 1; index <= runs; index++) {
    const load = loadavg()[0] ?? 0;
    const kiln = await whole(buildWithKiln(workspace, signal));
    const packer = await whole(buildWithPacker(workspace, signal));
    const pair = { kiln, packer, load };
    pairs.push(pair);
    say(pairLine(pair, index));
  }
  say(...summary(pairs));
}

const infoSchema = z.object({ format: z.literal('qcow2'), 'backing-filename': z.never().optional() });

/** A build whose image does not stand alone did less than its job. */
async function whole(building: Promise<TimedBuild>): Promise<TimedBuild> {
  const build = await building;
  const { stdout } = await execa('qemu-img', ['info', '-f', 'qcow2', '--output=json', build.image]);
  infoSchema.parse(JSON.parse(stdout));
  return build;
}

function lastLines({ stdout, stderr }: ExecaError): readonly string[] {
  return [stdout, stderr].flatMap(output =>
    String(output ?? '')
      .split('\n')
      .slice(-20),
  );
}

function say(...lines: readonly string[]): void {
  process.stdout.write(lines.map(line => `${line}\n`).join(''));
}

function fail(code: number, message: string): number {
  process.stderr.write(`${message}\n`);
  return code;
}

process.exitCode = await main();
