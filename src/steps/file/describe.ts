import type { ArtifactNeed } from '../step.ts';
import type { FileStep } from './file.ts';

/** What the step does, in a few words. */
export function fileSummary(step: FileStep): string {
  return step.destination;
}

/** The file that must be there before the machine boots. `path` is the step's JSON path. */
export function fileNeeds(step: FileStep, path: string): readonly ArtifactNeed[] {
  return [{ uri: step.sourceUri, sha256: step.sha256Checksum, path: `${path}.sourceUri`, kind: 'file' }];
}
