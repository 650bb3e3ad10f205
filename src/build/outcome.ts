import type { RunOutput } from '../distributors/distributor.ts';
import { buildError } from '../errors/build.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import type { RunStatus } from '../events/build-event.ts';
import type { Plan } from '../plan/plan.ts';
import type { StepOutcome } from './stages/run-steps.ts';

/** What the validators that did not pass come to, when there are any. */
export function validationError(plan: Plan, failures: readonly StepOutcome[], log: string): KilnError | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  const { type, name, index } = first.planned.ref;
  return buildError(
    'ValidatorFailed',
    {
      failed: failures.length,
      total: plan.validators.length,
      type,
      name,
      exitCode: first.exitCode,
      distributed: plan.continueDistributeOnFailure && plan.targets.length > 0,
    },
    { target: `properties.validate.inVMValidations[${index - 1}]`, output: first.output, log },
  );
}

export function statusOf(error: KilnError | undefined, outputs: readonly RunOutput[]): RunStatus {
  if (error === undefined) return 'Succeeded';
  if (error.code === 'BuildCanceled') return 'Canceled';
  if (error.code === 'BuildTimedOut') return 'TimedOut';
  return error.code === 'DistributeFailed' && outputs.length > 0 ? 'PartiallySucceeded' : 'Failed';
}

/** A limit as people write it. */
export function duration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
