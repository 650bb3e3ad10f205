import { setTimeout as delay } from 'node:timers/promises';
import { buildError } from '../../errors/build.ts';
import type { StepRef } from '../../events/build-event.ts';
import { GuestDisconnected } from '../../guest/guest-channel.ts';
import { BUILD_USER } from '../build-vm.ts';
import {
  DEPROVISIONED,
  DEPROVISIONING_SCRIPT,
  deprovisionScript,
  finishScript,
  GENERALIZED_MARK,
} from '../generalize-scripts.ts';
import type { GuestSession } from '../guest-session.ts';
import type { StageContext } from '../services.ts';

const POWER_OFF_MS = 300_000;
/** The guest may print without end. */
const KEPT_LINES = 20;

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
  const fail = (reason: string) =>
    buildError('GeneralizeFailed', { reason }, { output: lines, log: directory.customizationLog });
  const guest = await finishGuest(session, context, (line, stream) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    emit({ type: 'step-output', step, stream, line });
  });
  if (guest.deprovisioning === 'missing') {
    const message =
      `Deprovisioning script [${DEPROVISIONING_SCRIPT}] could not be found. Please make sure the deprovisioning script is not ` +
      'accidentally deleted by a customizer in the template. Kiln removes its own traces all the same.';
    emit({ type: 'log', level: 'warning', message });
  } else if (guest.deprovisioning !== '0' && guest.deprovisioning !== undefined) {
    throw fail(`${DEPROVISIONING_SCRIPT} ended with exit code ${guest.deprovisioning}`);
  }
  if (!guest.done) throw fail(guest.reason);
  const end = await Promise.race([session.machine.ended, delay(POWER_OFF_MS, undefined, { signal, ref: false })]);
  session.close();
  if (end === undefined) throw fail(`the guest did not power off within ${POWER_OFF_MS / 1000} s`);
  if (end.how !== 'powered-off') throw fail(`the machine ended (${end.reason}) instead of powering off`);
}

interface FinishedGuest {
  /** Exit code of the deprovisioning script, or `missing`; `undefined` when the guest did not get that far. */
  readonly deprovisioning: string | undefined;
  readonly done: boolean;
  /** Why it is not done. */
  readonly reason: string;
}

/** The last thing that the guest does for us: its answers are lines, because the connection may break right after them. */
async function finishGuest(
  session: GuestSession,
  { signal }: StageContext,
  onLine: (line: string, stream: 'stdout' | 'stderr') => void,
): Promise<FinishedGuest> {
  let deprovisioning: string | undefined;
  let done = false;
  const watched = (line: string, stream: 'stdout' | 'stderr') => {
    const [, rest = line, ended] = deprovisioning === undefined ? (DEPROVISIONED.exec(line) ?? []) : [];
    if (ended !== undefined) deprovisioning = ended;
    if (line === GENERALIZED_MARK) done = true;
    else if (ended === undefined || rest !== '') onLine(rest, stream);
  };
  const input = `${deprovisionScript(BUILD_USER)}${finishScript(BUILD_USER, 'kiln-build')}`;
  try {
    const { exitCode, stderr } = await session.guest.run('sudo sh -s', { signal, onLine: watched, input });
    const reason = stderr.trim().split('\n').at(-1) || `the clean-up ended with exit code ${exitCode}`;
    return { deprovisioning, done, reason };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GuestDisconnected)) throw error;
    return { deprovisioning, done, reason: `the connection was lost (${error.message})` };
  }
}
