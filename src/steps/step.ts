import type { Emit, StepRef } from '../events/build-event.ts';
import type { GuestChannel } from '../guest/guest-channel.ts';

/** A file that a step needs, already on this machine and verified. */
export interface FetchedArtifact {
  readonly uri: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A file that a step needs, as the template names it. */
export interface ArtifactNeed {
  readonly uri: string;
  /** Lower-case hexadecimal, or empty when the template states none. */
  readonly sha256: string;
  /** JSON path of the URI in the template. */
  readonly path: string;
  readonly kind: 'script' | 'file';
}

/** What a running step may touch. */
export interface StepContext {
  readonly step: StepRef;
  readonly guest: GuestChannel;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** `Debian`, `RedHat` ... is not known here: a step sees a shell and a file system. */
  readonly artifact: (uri: string) => FetchedArtifact;
  /** Value of PACKER_BUILD_NAME. */
  readonly buildName: string;
}

export interface StepResult {
  /** The step has asked the guest to restart; the guest is about to go away. */
  readonly restarting: boolean;
  readonly exitCode: number;
}

/** Where inside of a step it failed, as far as that is known. */
export interface StepFailure {
  /** 1-based line of the script. */
  readonly line: number | undefined;
  /** The rest of the JSON path below the step, such as `.inline[2]`, or nothing. */
  readonly path: string;
}

/**
 * One type of customizer or validator. A new type is a new folder with one of these in it; the engine
 * does not change.
 */
export interface StepType<T> {
  readonly type: string;
  readonly os: readonly ('Linux' | 'Windows')[];
  /** What the step does, in a few words, for a step that has no name. */
  summary(step: T): string;
  /** The files that must be fetched before the machine boots. `path` is the step's own JSON path. */
  needs(step: T, path: string): readonly ArtifactNeed[];
  /**
   * Does it. Resolves with the exit code; a code that is not accepted fails the step, and so does an `UploadFailed`.
   * Absent for what Kiln reads and cannot run: there is no guest channel for Windows.
   */
  readonly run?: (step: T, context: StepContext) => Promise<StepResult>;
  accepts(step: T, exitCode: number): boolean;
  /** Finds the place of a failure in the last lines that the step printed. */
  locate(step: T, output: readonly string[]): StepFailure;
}
