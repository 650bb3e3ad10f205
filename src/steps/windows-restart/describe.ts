import type { WindowsRestartStep } from './windows-restart.ts';

/** What the step does, in a few words. */
export function windowsRestartSummary(step: WindowsRestartStep): string {
  return `restart within ${step.restartTimeout}`;
}
