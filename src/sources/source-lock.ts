import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineError } from '../errors/machine.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { isAlive, ownerName } from '../home/process-lock.ts';

/** Exit code by which `flock` says that somebody else has the lock. */
const TAKEN = 75;

/** `name` is a file name; `signal` ends the wait; `onWait` hears once who has the lock, a pid if that is known. */
export interface LockRequest {
  readonly home: Pick<KilnHome, 'locks'>;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onWait?: (holder: string) => void;
}

/**
 * Runs `work` while no other process of this home runs work of the same name.
 *
 * The kernel's lock on a file, held by a child that lives no longer than this process: it cannot be left behind by a
 * process that was killed, and two processes can never both believe that they have it.
 *
 * @throws the signal's reason when aborted while waiting; KilnError `ToolMissing`.
 */
export async function withSourceLock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
  await mkdir(request.home.locks, { recursive: true, mode: 0o755 });
  const path = join(request.home.locks, `${request.name}.lock`);
  let release = await acquire(path, ['--nonblock'], request.signal);
  if (release === undefined) {
    request.onWait?.(await holderOf(path));
    release = await acquire(path, [], request.signal);
  }
  if (release === undefined) throw new Error(`flock gave up the wait for ${path}`);
  try {
    await writeFile(path, ownerName());
    return await work();
  } finally {
    await release();
  }
}

/** `undefined` when somebody else has the lock and `mode` says not to wait. */
async function acquire(
  path: string,
  mode: readonly string[],
  signal: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  // Without a fork: `flock` becomes `cat`, which has the lock, echoes a line to say so, and ends with its input.
  const words = ['--exclusive', ...mode, '--conflict-exit-code', `${TAKEN}`, '--no-fork', path, 'cat'];
  // In a group of its own: a terminal's Ctrl-C is for this process, which still has to clean up under the lock.
  const child = spawn('flock', words, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const ended = new Promise<number | Error>(resolve => {
    child.once('error', resolve);
    child.once('close', (code, killer) => resolve(code ?? new Error(`ended by ${killer}`)));
  });
  const echoed = new Promise<'held'>(resolve => child.stdout.once('data', () => resolve('held')));
  child.stdin.on('error', () => undefined);
  child.stdin.write('\n');
  // An abort ends the wait, never the possession.
  const giveUp = () => child.kill('SIGKILL');
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  const outcome = await Promise.race([echoed, ended]);
  signal.removeEventListener('abort', giveUp);
  if (outcome === 'held') {
    return async () => {
      child.stdin.end();
      await ended;
    };
  }
  signal.throwIfAborted();
  if (outcome === TAKEN) return undefined;
  if (typeof outcome === 'number') {
    throw machineError('ToolFailed', { tool: 'flock', reason: `exit code ${outcome}` });
  }
  if ((outcome as NodeJS.ErrnoException).code === 'ENOENT') {
    throw machineError('ToolMissing', { tool: 'flock', package: 'util-linux' });
  }
  throw machineError('ToolFailed', { tool: 'flock', reason: outcome.message });
}

async function holderOf(path: string): Promise<string> {
  const owner = (await readFile(path, 'utf8').catch(() => '')).trim();
  return isAlive(owner) ? `process ${owner.split('-')[0]}` : 'another process';
}
