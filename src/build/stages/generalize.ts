import { setTimeout as delay } from 'node:timers/promises';
import { buildError } from '../../errors/build.ts';
import type { StepRef } from '../../events/build-event.ts';
import { GuestDisconnected } from '../../guest/guest-channel.ts';
import { BUILD_USER } from '../build-vm.ts';
import { DEPROVISIONING_SCRIPT, finishScript, GENERALIZED_MARK } from '../generalize-scripts.ts';
import type { GuestSession } from '../guest-session.ts';
import type { StageContext } from '../services.ts';

const POWER_OFF_MS = 300_000;

/**
 * Runs the deprovisioning script, takes Kiln's own traces out of the image, and powers the guest off in the same
 * connection. The disk is finished when this resolves.
 *
 * @throws KilnError `GeneralizeFailed`
 */
export async function generalizeStage(session: GuestSession, context: StageContext): Promise<void> {
  const { emit, signal, directory } = context;
  const step: StepRef = { phase: 'customize', index: 0, total: 0, type: 'Generalize', name: DEPROVISIONING_SCRIPT };
  const lines: string[] = [];
  const onLine = (line: string, stream: 'stdout' | 'stderr') => {
    lines.push(line);
    emit({ type: 'step-output', step, stream, line });
  };
  const fail = (reason: string) =>
    buildError('GeneralizeFailed', { reason }, { output: lines.slice(-20), log: directory.customizationLog });
  const script = DEPROVISIONING_SCRIPT;
  const command = `if [ ! -e ${script} ]; then exit 66; fi; sudo chmod 0755 ${script} && sudo ${script} </dev/null`;
  try {
    const { exitCode } = await session.guest.run(command, { signal, onLine });
    if (exitCode === 66) {
      const message =
        `Deprovisioning script [${script}] could not be found. Please make sure the deprovisioning script is not ` +
        'accidentally deleted by a customizer in the template. Kiln removes its own traces all the same.';
      emit({ type: 'log', level: 'warning', message });
    } else if (exitCode !== 0) {
      throw fail(`${script} ended with exit code ${exitCode}`);
    }
    const finish = await finishGuest(session, context, onLine);
    if (!finish.done) throw fail(finish.reason);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GuestDisconnected) throw fail(`the connection was lost (${error.message})`);
    throw error;
  }
  const end = await Promise.race([session.machine.ended, delay(POWER_OFF_MS, undefined, { signal, ref: false })]);
  session.close();
  if (end === undefined) throw fail(`the guest did not power off within ${POWER_OFF_MS / 1000} s`);
  if (end.how !== 'powered-off') throw fail(`the machine ended (${end.reason}) instead of powering off`);
}

/** The last thing that the guest does for us: its answer is a line, because the connection may break right after it. */
async function finishGuest(
  session: GuestSession,
  { signal }: StageContext,
  onLine: (line: string, stream: 'stdout' | 'stderr') => void,
): Promise<{ readonly done: boolean; readonly reason: string }> {
  let done = false;
  const watched = (line: string, stream: 'stdout' | 'stderr') => {
    if (line === GENERALIZED_MARK) done = true;
    else onLine(line, stream);
  };
  const input = finishScript(BUILD_USER, 'kiln-build');
  try {
    const { exitCode, stderr } = await session.guest.run('sudo sh -s', { signal, onLine: watched, input });
    return { done, reason: stderr.trim().split('\n').at(-1) || `the clean-up ended with exit code ${exitCode}` };
  } catch (error) {
    if (done && error instanceof GuestDisconnected) return { done, reason: '' };
    throw error;
  }
}
