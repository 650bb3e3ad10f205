import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What the name of a process looks like. */
const OWNER = /(\d+)-(\d+)(?:@([0-9a-f]{8}))?/;

/**
 * Names the process that owns something on disk or in the database: `pid-starttime@machine`, where the start time is in clock ticks since
 * boot. A pid alone is reused; the pair is not. The machine is left out where it has no id.
 */
export function ownerName(pid: number = process.pid): string {
  const stat = processStat(pid);
  if (stat === undefined) throw new Error(`There is no process ${pid}`);
  return `${pid}-${stat.startTime}${machine() === '' ? '' : `@${machine()}`}`;
}

/**
 * Whether the process of an `ownerName` still runs. Anything that is not such a name is not alive. A process of another machine, which shares a
 * database or a region's directory with this one, is taken to be: only its own machine can tell, and cleans up after it.
 */
export function isAlive(owner: string): boolean {
  const [whole, pid, startTime] = OWNER.exec(owner) ?? [];
  if (whole !== owner) return false;
  if (isElsewhere(owner)) return true;
  const stat = processStat(Number(pid));
  // A zombie has already lost its files and locks; only its parent has not looked yet.
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z' && stat.state !== 'X';
}

/** Whether an `ownerName` is one of another machine, of whose processes this one knows nothing. */
export function isElsewhere(owner: string): boolean {
  const [whole, , , of] = OWNER.exec(owner) ?? [];
  return whole === owner && of !== undefined && of !== machine();
}

/** The owner in a name of the form `<owner>-<rest>`, as temporary files have it. */
export function ownerIn(name: string): string | undefined {
  const [owner = ''] = OWNER.exec(name) ?? [];
  return owner !== '' && name.startsWith(`${owner}-`) ? owner : undefined;
}

/** Whether other machines can tell this one's processes from their own. */
export function hasMachineId(): boolean {
  return machine() !== '';
}

let known: string | undefined;

/** Eight digits made from the id of this machine (or container): the id itself is not for others' eyes. Empty without one. */
function machine(): string {
  known ??= machineOf('/etc/machine-id');
  return known;
}

function machineOf(file: string): string {
  let id: string;
  try {
    id = readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
  return /^[0-9a-f]{32}$/.test(id) ? createHash('sha256').update(`kiln ${id}`).digest('hex').slice(0, 8) : '';
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
