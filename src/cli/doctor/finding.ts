import { execa } from 'execa';
import type { ResolveName } from '../../artifacts/connector.ts';
import type { SiteConfig } from '../../config/site-config.ts';
import type { KilnHome } from '../../home/kiln-home.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  /** `warning`: builds run, but worse than they could. `missing`: some or all builds don't run. */
  readonly ok: 'ok' | 'warning' | 'missing';
  /** What is there. */
  readonly found: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly mend: string;
}

/** What the checks look at. */
export interface Patient {
  readonly home: KilnHome;
  readonly config: SiteConfig;
  /** Where programs are looked for: builds run them from the system's own directories. */
  readonly path: string;
  /** Directory with `apt`, `subuid` and `subgid`. */
  readonly etc: string;
  readonly resolve: ResolveName;
  readonly signal: AbortSignal;
}

export function fine(name: string, found: string): Finding {
  return { name, ok: 'ok', found, mend: '' };
}

export function warning(name: string, found: string, mend: string): Finding {
  return { name, ok: 'warning', found, mend };
}

export function missing(name: string, found: string, mend: string): Finding {
  return { name, ok: 'missing', found, mend };
}

/** The `PATH` of everything that a build runs on this machine. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Ends what a broken machine would let run for ever. */
const PATIENCE = 20_000;

export interface Trial {
  /** `undefined` when the command succeeded, else the last line that it printed or why it didn't start. */
  readonly failure: string | undefined;
  readonly stdout: string;
}

/** Runs a command to see whether it works here. Throws the signal's reason when aborted, else never. */
export async function trial(patient: Patient, command: readonly string[]): Promise<Trial> {
  const [program = 'true', ...args] = command;
  const result = await execa(program, args, {
    reject: false,
    stdin: 'ignore',
    timeout: PATIENCE,
    env: { PATH: `${patient.path}:${SYSTEM_PATH}`, LC_ALL: 'C.UTF-8' },
    extendEnv: false,
    cancelSignal: patient.signal,
  });
  patient.signal.throwIfAborted();
  const stdout = result.stdout ?? '';
  if (!result.failed) return { failure: undefined, stdout };
  if (result.timedOut) return { failure: `no answer within ${PATIENCE / 1000} s`, stdout };
  const last = (result.stderr ?? '').trim().split('\n').at(-1) ?? '';
  return { failure: last === '' ? result.shortMessage : last, stdout };
}
