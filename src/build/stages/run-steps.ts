import { performance } from 'node:perf_hooks';
import { GuestDisconnected, UploadFailed } from '../../guest/guest-channel.ts';
import type { PlannedStep } from '../../plan/plan.ts';
import type { Customizer, Validator } from '../../steps/registry.ts';
import { typeOf } from '../../steps/registry.ts';
import type { StepContext, StepResult } from '../../steps/step.ts';
import type { GuestSession } from '../guest-session.ts';
import { comeBack, SHUTDOWN_MS } from '../restart.ts';
import type { StageContext } from '../services.ts';

/** How one step ended: its exit code and the end of its output. */
export interface StepOutcome {
  readonly planned: PlannedStep<Customizer | Validator>;
  readonly exitCode: number;
  readonly ok: boolean;
  readonly output: readonly string[];
}

export interface RunStepsOptions {
  readonly session: GuestSession;
  readonly buildName: string;
  /** Called after the guest restarted and is ready again. */
  readonly afterRestart?: () => Promise<void>;
}

const KEPT_LINES = 20;

/** Runs one step; a restart of the guest is part of the step that asked for it. */
export async function runStep(
  planned: PlannedStep<Customizer | Validator>,
  options: RunStepsOptions,
  context: StageContext,
): Promise<StepOutcome> {
  const step = planned.ref;
  const started = performance.now();
  const output: string[] = [];
  context.emit({ type: 'step-started', step });
  const stepContext: StepContext = {
    step,
    guest: options.session.guest,
    signal: context.signal,
    buildName: options.buildName,
    emit: event => {
      if (event.type === 'step-output') {
        output.push(event.line);
        if (output.length > KEPT_LINES) output.shift();
      }
      context.emit(event);
    },
    artifact: uri => {
      const artifact = planned.artifacts.find(candidate => candidate.uri === uri);
      if (artifact === undefined) throw new Error(`not fetched before the machine booted: ${uri}`);
      return artifact;
    },
  };
  const { exitCode } = await acrossRestarts(planned, stepContext, options, context);
  const ok = typeOf(planned.step).accepts(planned.step, exitCode);
  const seconds = (performance.now() - started) / 1000;
  context.emit({ type: 'step-finished', step, seconds, exitCode, ok });
  return { planned, exitCode, ok, output };
}

async function acrossRestarts(
  planned: PlannedStep<Customizer | Validator>,
  stepContext: StepContext,
  options: RunStepsOptions,
  context: StageContext,
): Promise<StepResult> {
  const { session } = options;
  const restartsBefore = session.machine.restarts;
  const during = `step \`${planned.ref.name}\` ran`;
  const { run } = typeOf(planned.step);
  if (run === undefined) throw new Error(`the plan has a step that cannot run: ${planned.step.type}`);
  let result: StepResult;
  try {
    result = await run(planned.step, stepContext);
    if (!result.restarting || result.exitCode !== 0) return result;
    if (!(await session.disconnected(SHUTDOWN_MS, context.signal))) return result;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof UploadFailed) {
      stepContext.emit({ type: 'step-output', step: planned.ref, stream: 'stderr', line: error.message });
      return { exitCode: 1, restarting: false };
    }
    if (!(error instanceof GuestDisconnected)) throw error;
    result = { exitCode: 0, restarting: true };
  }
  await comeBack(session, { restartsBefore, during }, context.signal);
  context.emit({ type: 'step-restarted-guest', step: planned.ref });
  await options.afterRestart?.();
  return result;
}
