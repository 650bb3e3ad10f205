import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KilnHome } from '../home/kiln-home.ts';
import { isAlive, ownerName } from '../home/process-lock.ts';
import { runDirectory } from '../home/run-directory.ts';

/** In a checkout TypeScript, in a package what was made from it. */
const PROGRAM = fileURLToPath(new URL(`./run-worker${extname(import.meta.url)}`, import.meta.url));
/** The command line's own secrets, which no build needs. */
const WITHHELD = ['KILN_CLIENT_ID', 'KILN_CLIENT_SECRET'];

export interface WorkerStart {
  readonly runId: string;
  readonly home: KilnHome;
  /** What the process is to run instead of Kiln's worker, in tests. */
  readonly program?: string | undefined;
}

/**
 * Starts the process of a run. It is in a session of its own, has nothing of this process open, and outlives it. What it
 * prints is in the run's directory.
 */
export function startWorker({ runId, home, program = PROGRAM }: WorkerStart): ChildProcess {
  const directory = runDirectory(join(home.runs, runId));
  mkdirSync(directory.root, { recursive: true, mode: 0o755 });
  const log = openSync(directory.workerLog, 'a', 0o640);
  try {
    const environment = Object.entries(process.env).filter(([name]) => !WITHHELD.includes(name));
    const child = spawn(process.execPath, [program, runId], {
      cwd: home.root,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...Object.fromEntries(environment), KILN_HOME: home.root },
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Whether a process that lives is one of this machine: others may share the database. */
export function isHere(owner: string): boolean {
  return isAlive(owner) && owner.split('@')[1] === ownerName().split('@')[1];
}

/** Asks a worker of this machine to hand its run back, or to finish it when it is about to. */
export function askToHandBack(owner: string): void {
  if (!isHere(owner)) return;
  try {
    process.kill(Number(owner.split('-')[0]), 'SIGTERM');
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
