import { fileNeeds, fileSummary } from './file/describe.ts';
import type { FileStep } from './file/file.ts';
import { runFile } from './file/run.ts';
import type { PowerShellStep } from './powershell/powershell.ts';
import { scriptNeeds, scriptSummary } from './script.ts';
import { locateShellFailure } from './shell/locate-failure.ts';
import { runShell } from './shell/run.ts';
import type { ShellStep } from './shell/shell.ts';
import type { StepType } from './step.ts';
import { windowsRestartSummary } from './windows-restart/describe.ts';
import type { WindowsRestartStep } from './windows-restart/windows-restart.ts';
import { windowsUpdateSummary } from './windows-update/describe.ts';
import type { WindowsUpdateStep } from './windows-update/windows-update.ts';

export type Customizer = ShellStep | PowerShellStep | WindowsRestartStep | WindowsUpdateStep | FileStep;
export type Validator = ShellStep | PowerShellStep | FileStep;

type AnyStep = Customizer | Validator;

const onlyZero = (_: unknown, exitCode: number): boolean => exitCode === 0;
const noNeeds = () => [];
const nowhere = () => ({ line: undefined, path: '' });

/** Every type of step, by the `type` of the template. A new one is a folder and a line here. */
export const stepTypes: { readonly [T in AnyStep['type']]: StepType<Extract<AnyStep, { type: T }>> } = {
  Shell: {
    type: 'Shell',
    os: ['Linux'],
    summary: scriptSummary,
    needs: scriptNeeds,
    run: runShell,
    accepts: onlyZero,
    locate: locateShellFailure,
  },
  PowerShell: {
    type: 'PowerShell',
    os: ['Windows'],
    summary: scriptSummary,
    needs: scriptNeeds,
    accepts: (step, exitCode) => step.validExitCodes.includes(exitCode),
    locate: nowhere,
  },
  WindowsRestart: {
    type: 'WindowsRestart',
    os: ['Windows'],
    summary: windowsRestartSummary,
    needs: noNeeds,
    accepts: onlyZero,
    locate: nowhere,
  },
  WindowsUpdate: {
    type: 'WindowsUpdate',
    os: ['Windows'],
    summary: windowsUpdateSummary,
    needs: noNeeds,
    accepts: onlyZero,
    locate: nowhere,
  },
  File: {
    type: 'File',
    os: ['Linux', 'Windows'],
    summary: fileSummary,
    needs: fileNeeds,
    run: runFile,
    accepts: onlyZero,
    locate: nowhere,
  },
};

/** The type of a step, for callers that have any step in hand. */
export function typeOf(step: AnyStep): StepType<AnyStep> {
  return stepTypes[step.type] as StepType<AnyStep>;
}
