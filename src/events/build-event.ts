import type { ErrorDetail } from '../errors/kiln-error.ts';

/** The stages of a run, in the order in which they happen. A stage that has nothing to do is not announced. */
export const STAGES = [
  'resolve',
  'fetch',
  'boot',
  'customize',
  'optimize',
  'generalize',
  'validate',
  'distribute',
  'clean-up',
] as const;
export type Stage = (typeof STAGES)[number];

export type RunStatus = 'Queued' | 'Running' | 'Succeeded' | 'PartiallySucceeded' | 'Failed' | 'Canceled' | 'TimedOut';

/** Which step an event is about. `index` is 1-based within its phase. */
export interface StepRef {
  readonly phase: 'customize' | 'optimize' | 'validate';
  readonly index: number;
  readonly total: number;
  readonly type: string;
  /** The template's `name`, or what the step does in a few words. */
  readonly name: string;
}

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly todo?: string;
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
  readonly output?: readonly string[];
  readonly log?: string;
}

/** What the optimization of the boot came to. Times are of a restart, from asking for it until the guest answers over SSH. */
export interface BootOptimization {
  readonly beforeSeconds: number;
  readonly afterSeconds: number;
  /** What the guest's systemd says that its start took, without its shutdown; absent where it does not say. */
  readonly systemd?: { readonly beforeSeconds: number; readonly afterSeconds: number };
  /** What was changed, and what was left as it is and why. */
  readonly done: readonly string[];
  readonly left: readonly string[];
}

export type BuildEventBody =
  | { readonly type: 'run-started'; readonly template: string; readonly steps: readonly StepRef[] }
  | { readonly type: 'stage-started'; readonly stage: Stage }
  | { readonly type: 'stage-finished'; readonly stage: Stage; readonly seconds: number }
  | {
      readonly type: 'source-resolved';
      readonly source: string;
      readonly exactVersion: string;
      readonly digest: string;
    }
  | {
      readonly type: 'machine-started';
      readonly role: string;
      readonly accelerator: string;
      readonly cpus: number;
      readonly memoryMiB: number;
    }
  | { readonly type: 'machine-stopped'; readonly role: string }
  | {
      readonly type: 'waiting';
      readonly role: string;
      readonly wait: string;
      readonly index: number;
      readonly total: number;
    }
  | { readonly type: 'step-started'; readonly step: StepRef }
  | {
      readonly type: 'step-output';
      readonly step: StepRef;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    }
  | { readonly type: 'step-restarted-guest'; readonly step: StepRef }
  | {
      readonly type: 'step-finished';
      readonly step: StepRef;
      readonly seconds: number;
      readonly exitCode: number;
      readonly ok: boolean;
    }
  | ({ readonly type: 'boot-optimized' } & BootOptimization)
  | {
      readonly type: 'progress';
      readonly what: string;
      readonly done: number;
      readonly total: number;
      readonly unit: 'bytes' | 'percent';
    }
  | { readonly type: 'log'; readonly level: 'info' | 'warning'; readonly message: string }
  | {
      readonly type: 'artifact-published';
      readonly runOutputName: string;
      readonly artifact: string;
      /** Where the (first) copy is on this machine. */
      readonly path?: string;
      readonly digest: string;
      readonly sizeBytes: number;
    }
  | { readonly type: 'machine-kept'; readonly role: string; readonly until: string; readonly ssh: string }
  | { readonly type: 'run-finished'; readonly status: RunStatus; readonly seconds: number; readonly error?: ErrorBody };

/** One record of the stream: `v` is the version of this union, `seq` counts from 1 within a run, `time` is ISO 8601 UTC. */
export type BuildEvent = {
  readonly v: 1;
  readonly seq: number;
  readonly time: string;
  readonly runId: string;
} & BuildEventBody;

/** Where rooms put what they have to say. They never see who listens. */
export type Emit = (event: BuildEventBody) => void;
