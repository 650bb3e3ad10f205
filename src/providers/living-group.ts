import { armError } from '../errors/arm.ts';
import type { StoreTransaction } from '../store/store.ts';

/**
 * Whether the resource group of an id is there, in the transaction that makes something in it: since the request came it may have been deleted.
 *
 * @throws KilnError `ResourceGroupNotFound`
 */
export async function requireLivingGroup(trx: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<void> {
  const [group, resourceGroup = ''] = /^\/subscriptions\/[^/]+\/resourcegroups\/([^/]+)/i.exec(id) ?? [];
  if (group === undefined) return;
  const found = await trx
    .selectFrom('resource_groups')
    .select('key')
    .where('key', '=', group.toLowerCase())
    .executeTakeFirst();
  if (found === undefined) throw armError('ResourceGroupNotFound', { resourceGroup });
}
