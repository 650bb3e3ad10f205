import { readFileSync } from 'node:fs';

/**
 * Names the process that owns something on disk: `pid-starttime`, where the start time is in clock ticks since
 * boot. A pid alone is reused; the pair is not.
 */
export function ownerName(pid: number = process.pid): string {
  const stat = processStat(pid);
  if (stat === undefined) throw new Error(`There is no process ${pid}`);
  return `${pid}-${stat.startTime}`;
}

/** Whether the process of an `ownerName` still runs. Anything that is not such a name is not alive. */
export function isAlive(owner: string): boolean {
  const [, pid, startTime] = /^(\d+)-(\d+)$/.exec(owner) ?? [];
  if (pid === undefined) return false;
  const stat = processStat(Number(pid));
  // A zombie has already lost its files and locks; only its parent has not looked yet.
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** The owner in a name of the form `<owner>-<rest>`, as temporary files have it. */
export function ownerIn(name: string): string | undefined {
  return /^(\d+-\d+)-/.exec(name)?.[1];
}

function processStat(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}
