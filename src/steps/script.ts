import type { ArtifactNeed } from './step.ts';

/** What Shell and PowerShell steps have in common: exactly one of `inline` and `scriptUri` is set. */
export interface ScriptStep {
  readonly inline?: readonly string[];
  readonly scriptUri?: string;
  /** Lower-case hexadecimal; empty when not stated. */
  readonly sha256Checksum: string;
}

/** What the step does, in a few words: its script's file name, or its first command. */
export function scriptSummary(step: ScriptStep): string {
  if (step.scriptUri !== undefined) return fileName(step.scriptUri);
  const commands = (step.inline ?? []).map(command => command.trim()).filter(command => command !== '');
  const first = commands[0]?.split('\n')[0] ?? '';
  const shown = first.length > 60 ? `${first.slice(0, 59)}…` : first;
  return commands.length > 1 ? `${shown} (+${commands.length - 1})` : shown;
}

/** The files that must be there before the machine boots. `path` is the step's JSON path. */
export function scriptNeeds(step: ScriptStep, path: string): readonly ArtifactNeed[] {
  if (step.scriptUri === undefined) return [];
  return [{ uri: step.scriptUri, sha256: step.sha256Checksum, path: `${path}.scriptUri`, kind: 'script' }];
}

/** The last part of a URI's path, without a query: that may hold a signature. */
function fileName(uri: string): string {
  const path = uri.replace(/[?#].*$/, '');
  return path.slice(path.lastIndexOf('/') + 1) || path;
}
