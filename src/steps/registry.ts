import { fileNeeds, fileSummary } from './file/describe.ts';
import type { FileStep } from './file/file.ts';
import { runFile } from './file/run.ts';
import { shellNeeds, shellSummary } from './shell/describe.ts';
import { locateShellFailure } from './shell/locate-failure.ts';
import { runShell } from './shell/run.ts';
import type { ShellStep } from './shell/shell.ts';
import type { StepType } from './step.ts';

export type Customizer = ShellStep | FileStep;
export type Validator = ShellStep | FileStep;

type AnyStep = Customizer | Validator;

/** Every type of step, by the `type` of the template. A new one is a folder and a line here. */
export const stepTypes: { readonly [T in AnyStep['type']]: StepType<Extract<AnyStep, { type: T }>> } = {
  Shell: {
    type: 'Shell',
    os: ['Linux'],
    summary: shellSummary,
    needs: shellNeeds,
    run: runShell,
    accepts: (_, exitCode) => exitCode === 0,
    locate: locateShellFailure,
  },
  File: {
    type: 'File',
    os: ['Linux', 'Windows'],
    summary: fileSummary,
    needs: fileNeeds,
    run: runFile,
    accepts: (_, exitCode) => exitCode === 0,
    locate: () => ({ line: undefined, path: '' }),
  },
};

/** The type of a step, for callers that have any step in hand. */
export function typeOf(step: AnyStep): StepType<AnyStep> {
  return stepTypes[step.type] as StepType<AnyStep>;
}
