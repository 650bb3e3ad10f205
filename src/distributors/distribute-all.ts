import { diskError } from '../errors/disk.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { storeError } from '../errors/store.ts';
import type { Store } from '../store/store.ts';
import type { DistributeContext, RunOutput } from './distributor.ts';
import { flatImage } from './flat-image.ts';
import { distributeManagedImage } from './managed-image/distribute.ts';
import type { PublishContext } from './publishing.ts';
import { distributeSharedImage } from './shared-image/distribute.ts';
import type { DistributeTarget } from './targets.ts';
import { distributeVhd } from './vhd/distribute.ts';

export interface DistributeFailure {
  readonly target: DistributeTarget;
  readonly error: KilnError;
}

export interface Distributed {
  /** In the order of the template. */
  readonly outputs: readonly RunOutput[];
  readonly failures: readonly DistributeFailure[];
}

/**
 * Publishes to all targets at once. One that fails does not keep the others from being published. Each artifact is there
 * whole or not at all, also when this is aborted.
 *
 * @throws the signal's reason when aborted before all targets were done.
 */
export async function distributeAll(
  targets: readonly DistributeTarget[],
  context: DistributeContext & { readonly store: Store },
): Promise<Distributed> {
  const all: PublishContext = { ...context, flat: flatImage(context) };
  const results = await Promise.allSettled(targets.map(target => distribute(target, all)));
  const outputs: RunOutput[] = [];
  const failures: DistributeFailure[] = [];
  for (const [index, target] of targets.entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled') outputs.push(result.value);
    if (result?.status === 'rejected') {
      context.signal.throwIfAborted();
      failures.push({ target, error: publishError(target, result.reason) });
    }
  }
  return { outputs, failures };
}

/** Publishes to one target. */
export function distribute(target: DistributeTarget, context: PublishContext): Promise<RunOutput> {
  switch (target.type) {
    case 'VHD':
      return distributeVhd(target, context);
    case 'ManagedImage':
      return distributeManagedImage(target, context);
    case 'SharedImage':
      return distributeSharedImage(target, context);
  }
}

/** What the file system refuses is the user's to mend; anything else that is no KilnError is a defect and stays one. */
function publishError(target: DistributeTarget, error: unknown): KilnError {
  if (error instanceof KilnError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return diskError('DriveFull', { what: `the artifact \`${target.runOutputName}\`` }, { cause: error });
  }
  if (!(error instanceof Error) || !/^E[A-Z]+$/.test(code)) throw error;
  return storeError('PublishFailed', { name: target.runOutputName, reason: error.message }, { cause: error });
}
