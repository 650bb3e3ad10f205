import { resourcesError } from '../../errors/resources.ts';
import type { OperationWork } from '../../jobs/operation-runner.ts';
import type { OperationRecord } from '../../store/operations.ts';
import { removeResource } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import type { Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { type AnswerError, behalfIn, errorOf, InternalClient, newestVersion } from './internal-client.ts';
import { type InventoryRow, inventory } from './inventory.ts';

export const DELETE_GROUP = 'Microsoft.Resources/deleteResourceGroup';

/** Nothing is deleted on which these might still work. */
const FIRST = /^microsoft\.virtualmachineimages\//i;
/** Resource Manager's own records, which go last, with the group. */
const RECORDS = /^microsoft\.resources\//i;

/** Deletes everything in a group, each resource by the `DELETE` of its type, and then the group. */
export function deleteGroup(services: ProviderServices, providers: () => readonly Provider[]): OperationWork {
  const { store } = services;
  return {
    kind: DELETE_GROUP,
    run: async (operation, signal) => {
      const { targetKey } = operation;
      const remove = resourceRemover(services, providers, operation, signal);
      // What was being made when the deletion began may turn up late.
      do {
        await removeAll(store, targetKey, FIRST, remove);
        await removeAll(store, targetKey, /^/, remove);
      } while (!(await removeEmpty(store, targetKey)));
      return undefined;
    },
    failed: async (trx, { targetKey }) => {
      const state = { provisioning_state: 'Succeeded' } as const;
      await trx.updateTable('resource_groups').set(state).where('key', '=', targetKey).execute();
    },
  };
}

/** Removes a group in which nothing is left but records. Returns whether that is so. */
function removeEmpty(store: Store, groupKey: string): Promise<boolean> {
  return store.write(async trx => {
    const left = await inventory(trx, { scopeKey: groupKey });
    if (left.some(({ type }) => !RECORDS.test(type))) return false;
    for (const { key } of left) await removeResource(trx, key);
    await trx.deleteFrom('staging_groups').where('group_key', '=', groupKey).execute();
    await trx.deleteFrom('resource_groups').where('key', '=', groupKey).execute();
    return true;
  });
}

/** Removes one resource; what is said of it when that is not done. */
type Remove = (resource: InventoryRow) => Promise<AnswerError | undefined>;

/** @throws KilnError `ResourceGroupDeletionBlocked`. */
async function removeAll(store: Store, groupKey: string, types: RegExp, remove: Remove): Promise<void> {
  const resources = () => inventory(store.db, { scopeKey: groupKey });
  const refused = await removeResources(async () => (await resources()).filter(({ type }) => types.test(type)), remove);
  const [first] = refused;
  if (first === undefined) return;
  throw resourcesError('ResourceGroupDeletionBlocked', {
    resourceGroup: groupKey.slice(groupKey.lastIndexOf('/') + 1),
    left: refused.map(([{ id }]) => id).join(', '),
    reason: `${first[1].code}: ${first[1].message}`,
  });
}

/**
 * Removes resources as long as one of them goes: one may be in use by another that goes later. Returns those that stay, each with what
 * was said of it.
 *
 * @param list those that are there; Resource Manager's own records are left out
 */
export async function removeResources(
  list: () => Promise<readonly InventoryRow[]>,
  remove: Remove,
): Promise<readonly (readonly [InventoryRow, AnswerError])[]> {
  for (;;) {
    const left = (await list()).filter(({ type }) => !RECORDS.test(type));
    const refused: (readonly [InventoryRow, AnswerError])[] = [];
    for (const resource of nestedFirst(left)) {
      const error = await remove(resource);
      if (error !== undefined) refused.push([resource, error]);
    }
    if (left.length === 0 || refused.length === left.length) return refused;
  }
}

/** Removes a resource for whom the operation is. */
export function resourceRemover(
  services: ProviderServices,
  providers: () => readonly Provider[],
  operation: OperationRecord,
  signal: AbortSignal,
): Remove {
  const client = new InternalClient(services, behalfIn(operation.input));
  return async ({ id, key, type }) => {
    signal.throwIfAborted();
    const version = newestVersion(providers(), type);
    const answer = version === undefined ? undefined : await client.send('DELETE', id, version);
    // A record that no provider has a `DELETE` for goes without. A template that is being built has one, and refuses it with the same status.
    if (answer === undefined || (answer.status === 405 && errorOf(answer).code === 'HttpMethodNotSupported')) {
      await services.store.write(trx => removeResource(trx, key));
      return undefined;
    }
    const settled = await client.settled(answer, signal);
    return 'error' in settled && settled.status !== 404 ? settled.error : undefined;
  };
}

/** What is nested in another before it; otherwise the newest first, as what is newer may need what is older. */
function nestedFirst(resources: readonly InventoryRow[]): readonly InventoryRow[] {
  const depth = ({ key }: InventoryRow) => key.split('/').length;
  return [...resources].sort((a, b) => depth(b) - depth(a) || b.created_at.localeCompare(a.created_at));
}
