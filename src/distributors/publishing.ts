import type { ImageToPublish } from '../galleries/published-disk.ts';
import type { Store } from '../store/store.ts';
import type { DistributeContext, RunOutput } from './distributor.ts';

/** What a distributor works with. */
export interface PublishContext extends DistributeContext {
  readonly store: Store;
  readonly flat: () => Promise<ImageToPublish>;
}

/** Says that an artifact is there, and returns the output as it was said. */
export function published(context: PublishContext, output: RunOutput): RunOutput {
  context.emit({
    type: 'artifact-published',
    runOutputName: output.name,
    artifact: output.artifactId ?? output.artifactUri ?? output.path,
    path: output.path,
    digest: output.digest,
    sizeBytes: output.sizeBytes,
  });
  return output;
}
