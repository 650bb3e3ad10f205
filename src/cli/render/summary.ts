import type { RunOutput } from '../../distributors/distributor.ts';
import type { KilnError } from '../../errors/kiln-error.ts';
import type { BootOptimization, BuildEvent, ErrorBody, RunStatus, StepRef } from '../../events/build-event.ts';

/** The document of `kiln build --output json`. `docs/cli.md` describes it. */
export interface RunSummary {
  readonly runId: string;
  readonly status: RunStatus;
  readonly seconds: number;
  readonly source: { readonly name: string; readonly exactVersion: string; readonly digest: string } | null;
  readonly steps: readonly StepSummary[];
  /** What the stage of the same name came to; `vmBoot` is there when the template asks for it. */
  readonly optimize: { readonly vmBoot: BootOptimization | null };
  readonly runOutputs: readonly RunOutput[];
  /** Log name to its path on this machine. */
  readonly logs: Readonly<Record<string, string>>;
  readonly error: ErrorBody | null;
}

/** A step of the plan. A step that did not run has no exit code and took no time. */
export interface StepSummary {
  readonly phase: StepRef['phase'];
  readonly index: number;
  readonly type: string;
  readonly name: string;
  readonly seconds: number;
  readonly exitCode: number | null;
  readonly ok: boolean | null;
}

/** What the events of a run do not say. */
export interface RunFacts {
  readonly runOutputs: readonly RunOutput[];
  readonly logs: Readonly<Record<string, string>>;
}

/** Sums a run up. The events are those of one run, in order, and begin with `run-started`. */
export function summarize(events: Iterable<BuildEvent>, facts: RunFacts): RunSummary {
  let runId = '';
  let end: { status: RunStatus; seconds: number; error: ErrorBody | null } = {
    status: 'Running',
    seconds: 0,
    error: null,
  };
  let source: RunSummary['source'] = null;
  let vmBoot: BootOptimization | null = null;
  const steps = new Map<string, StepSummary>();
  for (const event of events) {
    runId = event.runId;
    switch (event.type) {
      case 'run-started':
        for (const step of event.steps) steps.set(key(step), planned(step));
        break;
      case 'source-resolved':
        source = { name: event.source, exactVersion: event.exactVersion, digest: event.digest };
        break;
      case 'step-finished': {
        const { seconds, exitCode, ok } = event;
        steps.set(key(event.step), { ...planned(event.step), seconds, exitCode, ok });
        break;
      }
      case 'boot-optimized': {
        const { beforeSeconds, afterSeconds, systemd, done, left } = event;
        vmBoot = { beforeSeconds, afterSeconds, ...(systemd === undefined ? {} : { systemd }), done, left };
        break;
      }
      case 'run-finished':
        end = { status: event.status, seconds: event.seconds, error: event.error ?? null };
        break;
    }
  }
  return { runId, ...end, source, steps: [...steps.values()], optimize: { vmBoot }, ...facts };
}

/** The document of a build that ended before there was a run: that of a run, with nothing in it but the error. */
export function refusedBuild(error: KilnError): Omit<RunSummary, 'runId'> & { readonly runId: null } {
  const nothing = { source: null, steps: [], optimize: { vmBoot: null }, runOutputs: [], logs: {} };
  const status = error.exit === 130 ? 'Canceled' : 'Failed';
  return {
    runId: null,
    status,
    seconds: 0,
    ...nothing,
    error: { ...error.toJSON(), code: error.code, message: error.message },
  };
}

function planned({ phase, index, type, name }: StepRef): StepSummary {
  return { phase, index, type, name, seconds: 0, exitCode: null, ok: null };
}

function key(step: StepRef): string {
  return `${step.phase} ${step.index}`;
}
