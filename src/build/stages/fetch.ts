import { mkdir } from 'node:fs/promises';
import { Attempts } from '../../errors/attempts.ts';
import { artifactNeeds } from '../../plan/plan.ts';
import type { ArtifactNeed, FetchedArtifact } from '../../steps/step.ts';
import type { ImageTemplate } from '../../template/model.ts';
import type { StageContext } from '../services.ts';

/** Template to verified files by URI, before any machine boots: the slowest machine is the one that waits for a 404. */
export async function fetchStage(
  template: ImageTemplate,
  context: StageContext,
): Promise<ReadonlyMap<string, FetchedArtifact>> {
  const { services, directory, emit, signal } = context;
  const needs = artifactNeeds(template);
  if (needs.length === 0) return new Map();
  await mkdir(directory.artifacts, { recursive: true, mode: 0o700 });
  const attempts = new Attempts();
  const fetch = (need: ArtifactNeed) => () => services.fetchArtifact(need, directory.artifacts, { emit, signal });
  const fetched = await Promise.all(needs.map(need => attempts.try(fetch(need))));
  attempts.end();
  return new Map(fetched.flatMap(artifact => (artifact === undefined ? [] : [[artifact.uri, artifact] as const])));
}
