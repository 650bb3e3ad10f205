import type { Plan } from '../../plan/plan.ts';
import { bootVm } from '../build-vm.ts';
import type { StageContext } from '../services.ts';
import { runStep, type StepOutcome } from './run-steps.ts';

/**
 * Runs the validators, in order, on a second machine that boots from a throw-away overlay of the disk. All of them run:
 * the failures come back together.
 *
 * @param chain the disk to validate and what it is layered on, the nearest first
 */
export async function validateStage(
  plan: Plan,
  chain: readonly string[],
  context: StageContext,
  onBooted: (vm: Awaited<ReturnType<typeof bootVm>>) => void,
): Promise<readonly StepOutcome[]> {
  const { cpus, memoryMiB, generation, devices, diskSizeBytes } = plan.machine;
  const vm = await bootVm(
    {
      role: 'validation',
      directory: context.directory.validationMachine,
      chain,
      virtualSizeBytes: diskSizeBytes,
      // What is published has none: the validators see what a machine made from it sees.
      dataDisks: [],
      generation,
      devices,
      cpus,
      memoryMiB,
    },
    context,
  );
  onBooted(vm);
  const outcomes: StepOutcome[] = [];
  for (const planned of plan.validators) {
    outcomes.push(await runStep(planned, { session: vm.session, buildName: plan.template.name }, context));
  }
  return outcomes.filter(outcome => !outcome.ok);
}
