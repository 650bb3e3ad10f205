import { buildError } from '../../errors/build.ts';
import { machineError } from '../../errors/machine.ts';
import type { BootOptimization } from '../../events/build-event.ts';
import { GuestDisconnected } from '../../guest/guest-channel.ts';
import type { Plan, PlannedStep } from '../../plan/plan.ts';
import { typeOf } from '../../steps/registry.ts';
import type { ShellStep } from '../../steps/shell/shell.ts';
import { DeprovisioningCopy } from '../deprovisioning-copy.ts';
import type { GuestSession } from '../guest-session.ts';
import type { StageContext } from '../services.ts';
import { optimizeBoot } from '../vm-boot/optimize-boot.ts';
import { runStep } from './run-steps.ts';

/** What the stage came to: kept with the run. */
export interface Optimization {
  readonly vmBoot: BootOptimization | null;
}

/**
 * Optimizes the customized machine as `optimize` asks: first its boot, then what the template's own script does for its
 * workload.
 *
 * @throws KilnError `BootOptimizationFailed`, `WorkloadOptimizationFailed`, and those of a restart
 */
export async function optimizeStage(plan: Plan, session: GuestSession, context: StageContext): Promise<Optimization> {
  try {
    return await optimized(plan, session, context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof GuestDisconnected)) throw error;
    throw machineError('GuestConnectionLost', { during: 'it was optimized', reason: error.message }, { cause: error });
  }
}

async function optimized(
  { optimize, template }: Plan,
  session: GuestSession,
  context: StageContext,
): Promise<Optimization> {
  const script = new DeprovisioningCopy(session, context.signal);
  await script.take();
  const afterRestart = () => script.putBack();
  const vmBoot = optimize.vmBoot ? await optimizeBoot(session, context, afterRestart) : null;
  if (vmBoot !== null) context.emit({ type: 'boot-optimized', ...vmBoot });
  if (optimize.workload !== undefined) {
    await optimizeWorkload(optimize.workload, { session, buildName: template.name, afterRestart }, context);
  }
  await script.drop();
  return { vmBoot };
}

async function optimizeWorkload(
  planned: PlannedStep<ShellStep>,
  options: Parameters<typeof runStep>[1],
  context: StageContext,
): Promise<void> {
  const { ok, exitCode, output } = await runStep(planned, options, context);
  if (ok) return;
  const { line } = typeOf(planned.step).locate(planned.step, output);
  throw buildError(
    'WorkloadOptimizationFailed',
    { name: planned.ref.name, exitCode, line },
    { target: 'properties.optimize.workload.scriptUri', output, log: context.directory.customizationLog },
  );
}
