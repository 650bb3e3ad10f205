import { armError } from '../../errors/arm.ts';
import { operationsInProgress } from '../../store/operations.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { isObject } from '../request-body.ts';
import { templateBuilding } from '../template-uses.ts';
import { WRITE_VERSION } from './places.ts';

/**
 * Refuses to take something away from under a build or a publication. A template that does not run keeps nothing: its source or its
 * gallery may go, as on Azure, and its next run says so.
 *
 * @throws KilnError `ResourceInUse`.
 */
export async function refuseInUse(
  trx: StoreTransaction,
  resource: { readonly key: string; readonly id: string },
): Promise<void> {
  const template = await templateBuilding(trx, resource.key);
  if (template !== undefined)
    throw armError('ResourceInUse', { resource: resource.id, by: `the running build of ${template}` });
  const writes = await operationsInProgress(trx, { kinds: [WRITE_VERSION] });
  const copying = writes.find(({ input }) => isObject(input) && String(input['source']).toLowerCase() === resource.key);
  if (copying !== undefined) throw armError('ResourceInUse', { resource: resource.id, by: copying.targetKey });
}

/** Forgets what is said about a resource that is gone: role assignments at it. */
export async function forgetExtensions(trx: StoreTransaction, key: string): Promise<void> {
  await trx.deleteFrom('resources').where('parent_key', '=', key).execute();
}
