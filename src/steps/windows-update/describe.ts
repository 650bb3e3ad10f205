import type { WindowsUpdateStep } from './windows-update.ts';

/** What the step does, in a few words. */
export function windowsUpdateSummary(step: WindowsUpdateStep): string {
  return `up to ${step.updateLimit} updates: ${step.searchCriteria}`;
}
