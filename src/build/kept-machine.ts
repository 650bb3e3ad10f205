import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { isAlive, isElsewhere } from '../home/process-lock.ts';
import { type MachineDirectory, machineDirectory, runDirectory } from '../home/run-directory.ts';
import { groupGone, killGroup } from '../sandbox/process-group.ts';
import type { BootedVm } from './build-vm.ts';
import type { StageContext } from './services.ts';

const schema = z.object({ holder: z.string(), until: z.string() });

/** A machine that outlives its run. */
export interface KeptMachine {
  readonly files: MachineDirectory;
  readonly holder: string;
  /** ISO 8601: the machine ends by itself then. */
  readonly until: string;
}

/** Lets the machine outlive this process and says how to get in. */
export async function keepMachine(vm: BootedVm, context: StageContext, seconds: number): Promise<void> {
  const { machine } = vm.session;
  const until = await machine.keep(seconds);
  context.emit({ type: 'machine-kept', role: machine.role, until, ssh: `kiln ssh ${context.runId}` });
}

/** The machine that a run has kept, when it still runs. */
export async function findKeptMachine(runRoot: string): Promise<KeptMachine | undefined> {
  const directory = runDirectory(runRoot);
  for (const root of [directory.buildMachine, directory.validationMachine]) {
    const files = machineDirectory(root);
    const text = await readFile(files.kept, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const kept = parseKept(text);
    if (kept !== undefined && isAtWork(kept)) return { files, ...kept };
  }
  return undefined;
}

/** Of a holder on another machine, or on this one before it was made anew, only the time is known. */
function isAtWork({ holder, until }: { readonly holder: string; readonly until: string }): boolean {
  return isElsewhere(holder) ? Date.parse(until) > Date.now() : isAlive(holder);
}

/** Half a note is what a process leaves that ends while it writes it: the machine has then ended with it. */
function parseKept(text: string): z.output<typeof schema> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Ends a kept machine at once. */
export async function endKeptMachine(kept: KeptMachine): Promise<void> {
  const pid = Number(kept.holder.split('-')[0]);
  if (isAlive(kept.holder) && !isElsewhere(kept.holder)) {
    process.kill(pid, 'SIGKILL');
    killGroup(pid);
    await groupGone(pid);
  }
  await rm(kept.files.kept, { force: true });
}
