import { performance } from 'node:perf_hooks';
import { execa } from 'execa';
import type { TimedLine } from './phases.ts';

export interface TimedCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Long enough for both tools to take their VM down. */
const CLEAN_UP_MS = 30_000;

/**
 * Runs a command to its end and notes when each line of its standard output came.
 *
 * @throws ExecaError with the end of the output when the command fails or is aborted.
 */
export async function timedCommand(command: TimedCommand): Promise<{ seconds: number; lines: readonly TimedLine[] }> {
  const began = performance.now();
  const since = () => (performance.now() - began) / 1000;
  const lines: TimedLine[] = [];
  const child = execa(command.file, [...command.arguments], {
    env: command.environment,
    stdin: 'ignore',
    cancelSignal: command.signal,
    forceKillAfterDelay: CLEAN_UP_MS,
  });
  const [, finished] = await Promise.all([
    (async () => {
      for await (const text of child) lines.push({ at: since(), text });
    })(),
    child.then(since),
  ]);
  return { seconds: finished, lines };
}
