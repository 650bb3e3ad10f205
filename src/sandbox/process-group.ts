import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A killed process that waits for its disk may stay for a while; nobody is held up longer than this by it. */
const MAX_WAIT_MS = 20_000;

/**
 * Kills a process group at once: the kernel gives the signal to all its members in one go, so that none can start
 * another on the way. A group that is gone is fine.
 *
 * @param leader pid of the process that began the group (`detached: true`)
 */
export function killGroup(leader: number | undefined): void {
  // To the kernel, group 0 is the caller's own and group -1 is everybody.
  if (leader === undefined || leader <= 1) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Resolves when no process of the group runs any more, so that its files are closed and may be removed or read. */
export async function groupGone(leader: number | undefined): Promise<void> {
  const deadline = Date.now() + MAX_WAIT_MS;
  for (let pause = 1; (await groupRuns(leader)) && Date.now() < deadline; pause = Math.min(50, pause * 2)) {
    await delay(pause);
  }
}

async function groupRuns(leader: number | undefined): Promise<boolean> {
  if (leader === undefined || leader <= 1) return false;
  try {
    process.kill(-leader, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // Members that nobody has waited for yet are counted by the kernel: where the first process of a container reaps
  // nothing they stay for ever.
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await runsInGroup(name, leader))) return true;
  }
  return false;
}

async function runsInGroup(pid: string, leader: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const [state, , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(group) === leader && state !== 'Z' && state !== 'X';
}
