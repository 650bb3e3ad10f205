import { randomUUID } from 'node:crypto';
import type { StoreTransaction } from '../store/store.ts';

/** The principal of a managed identity. Ids are GUIDs. */
export interface ManagedIdentityPrincipal {
  readonly objectId: string;
  readonly appId: string;
}

/** Adds the principal of a managed identity, in the transaction that makes its resource. It has no secrets. */
export async function addManagedIdentity(
  trx: StoreTransaction,
  { displayName, tenantId }: { readonly displayName: string; readonly tenantId: string },
): Promise<ManagedIdentityPrincipal> {
  const principal = { objectId: randomUUID(), appId: randomUUID() };
  await trx
    .insertInto('principals')
    .values({
      object_id: principal.objectId,
      app_id: principal.appId,
      kind: 'ManagedIdentity',
      display_name: displayName,
      tenant_id: tenantId,
      created_at: new Date().toISOString(),
      disabled: 0,
    })
    .execute();
  return principal;
}

/** Removes the principal of a managed identity. Tokens that it has are refused from then on. */
export async function removeManagedIdentity(trx: StoreTransaction, objectId: string): Promise<void> {
  await trx.deleteFrom('principals').where('object_id', '=', objectId).execute();
}
