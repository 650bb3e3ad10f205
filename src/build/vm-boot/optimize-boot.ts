import { buildError } from '../../errors/build.ts';
import type { BootOptimization, StepRef } from '../../events/build-event.ts';
import type { GuestSession } from '../guest-session.ts';
import type { StageContext } from '../services.ts';
import { BOOT_SCRIPT, reportOf } from './boot-script.ts';
import { type BootTime, measureRestart } from './measure-restart.ts';

/** The guest may print without end. */
const KEPT_LINES = 20;

/**
 * Measures a restart, makes the boot faster, and measures again. Where nothing was changed there is nothing to measure again: the two
 * times are the same.
 *
 * @param afterRestart called whenever the guest is ready again
 * @throws KilnError `BootOptimizationFailed`, those of `measureRestart`
 */
export async function optimizeBoot(
  session: GuestSession,
  context: StageContext,
  afterRestart: () => Promise<void>,
): Promise<BootOptimization> {
  const measure = async (): Promise<BootTime> => {
    const time = await measureRestart(session, context.signal);
    await afterRestart();
    return time;
  };
  const before = await measure();
  const changes = await change(session, context);
  const after = changes.done.length === 0 ? before : await measure();
  const [systemdBefore, systemdAfter] = [before.systemdSeconds, after.systemdSeconds];
  return {
    beforeSeconds: rounded(before.seconds),
    afterSeconds: rounded(after.seconds),
    ...(systemdBefore === undefined || systemdAfter === undefined
      ? {}
      : { systemd: { beforeSeconds: rounded(systemdBefore), afterSeconds: rounded(systemdAfter) } }),
    ...changes,
  };
}

async function change(
  session: GuestSession,
  { emit, signal, directory }: StageContext,
): Promise<Pick<BootOptimization, 'done' | 'left'>> {
  const step: StepRef = { phase: 'optimize', index: 0, total: 0, type: 'VmBoot', name: 'optimize.vmBoot' };
  const said = { done: [] as string[], left: [] as string[] };
  const lines: string[] = [];
  const { exitCode } = await session.guest.run('sudo sh -s', {
    signal,
    input: BOOT_SCRIPT,
    onLine: (line, stream) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      emit({ type: 'step-output', step, stream, line });
      const report = stream === 'stdout' ? reportOf(line) : undefined;
      if (report !== undefined && said[report.kind].length < KEPT_LINES)
        said[report.kind].push(report.text.slice(0, 200));
    },
  });
  if (exitCode === 0) return said;
  const reason = `the changes ended with exit code ${exitCode}`;
  throw buildError('BootOptimizationFailed', { reason }, { output: lines, log: directory.customizationLog });
}

/** Milliseconds are what a clock tells; less is noise. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
