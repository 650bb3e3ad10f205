import type { Plan } from '../../plan/plan.ts';
import { bootVm } from '../build-vm.ts';
import type { ImageDisks } from '../image-disks.ts';
import type { StageContext } from '../services.ts';
import { runStep, type StepOutcome } from './run-steps.ts';

/**
 * Runs the validators, in order, on a second machine that boots from throw-away overlays of the disks. All of them run:
 * the failures come back together.
 */
export async function validateStage(
  plan: Plan,
  disks: ImageDisks,
  context: StageContext,
  onBooted: (vm: Awaited<ReturnType<typeof bootVm>>) => void,
): Promise<readonly StepOutcome[]> {
  const { cpus, memoryMiB, generation, devices, diskSizeBytes } = plan.machine;
  const vm = await bootVm(
    {
      role: 'validation',
      directory: context.directory.validationMachine,
      disks,
      virtualSizeBytes: diskSizeBytes,
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
