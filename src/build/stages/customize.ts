import { buildError } from '../../errors/build.ts';
import { UploadFailed } from '../../guest/guest-channel.ts';
import type { Plan } from '../../plan/plan.ts';
import { typeOf } from '../../steps/registry.ts';
import { DEFAULT_DEPROVISIONING, DEPROVISIONING_SCRIPT, OPEN_MOTD } from '../generalize-scripts.ts';
import type { GuestSession } from '../guest-session.ts';
import type { StageContext } from '../services.ts';
import { runStep } from './run-steps.ts';

/**
 * Runs the customizers in order on a machine that is ready.
 *
 * @throws KilnError `StepFailed`, `GuestConnectionLost`, `MachineStopped`
 */
export async function customizeStage(plan: Plan, session: GuestSession, context: StageContext): Promise<void> {
  // Before the first customizer, as in AIB: a template changes how the image is generalized by replacing this file.
  await placeDeprovisioning(session, context);
  if (plan.steps.some(({ step }) => 'scriptUri' in step))
    await session.guest.run(OPEN_MOTD, { signal: context.signal });
  const afterRestart = async () => {
    const { exitCode } = await session.guest.run(`test -e ${DEPROVISIONING_SCRIPT}`, { signal: context.signal });
    if (exitCode === 0) return;
    const message = `The restart emptied /tmp: ${DEPROVISIONING_SCRIPT} has its default content again.`;
    context.emit({ type: 'log', level: 'info', message });
    await placeDeprovisioning(session, context);
  };
  const options = { session, buildName: plan.template.name, afterRestart };
  for (const planned of plan.steps) {
    const { ok, exitCode, output } = await runStep(planned, options, context);
    if (ok) continue;
    const { index, total, type, name } = planned.ref;
    const { line, path } = typeOf(planned.step).locate(planned.step, output);
    throw buildError(
      'StepFailed',
      { index, total, type, name, exitCode, line },
      {
        target: `properties.customize[${index - 1}]${path}`,
        output,
        log: context.directory.customizationLog,
      },
    );
  }
}

async function placeDeprovisioning(session: GuestSession, { signal }: StageContext): Promise<void> {
  const content = Buffer.from(DEFAULT_DEPROVISIONING);
  await session.guest.upload(content, DEPROVISIONING_SCRIPT, { mode: 0o755, signal }).catch(cause => {
    if (!(cause instanceof UploadFailed)) throw cause;
    const reason = `${DEPROVISIONING_SCRIPT} could not be written (${cause.message})`;
    throw buildError('GeneralizeFailed', { reason }, { cause });
  });
}
