import { randomUUID } from 'node:crypto';
import { identityError } from '../errors/identity.ts';
import type { PrincipalRow } from '../store/principal-rows.ts';
import type { Store } from '../store/store.ts';

export type PrincipalKind = PrincipalRow['kind'];

/** Somebody or something that may call the service. Ids are GUIDs. */
export interface Principal {
  readonly objectId: string;
  /** The client id. */
  readonly appId: string;
  readonly kind: PrincipalKind;
  readonly displayName: string;
  readonly tenantId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly disabled: boolean;
}

/** The tenant of this store: a GUID that is made once and kept. */
export async function tenantOf(store: Store): Promise<string> {
  const known = await store.db.selectFrom('tenants').select('id').executeTakeFirst();
  if (known !== undefined) return known.id;
  return store.write(async trx => {
    const first = await trx.selectFrom('tenants').select('id').executeTakeFirst();
    if (first !== undefined) return first.id;
    const id = randomUUID();
    await trx.insertInto('tenants').values({ id, created_at: new Date().toISOString() }).execute();
    return id;
  });
}

export async function createPrincipal(
  store: Store,
  wanted: { readonly kind: PrincipalKind; readonly displayName: string },
): Promise<Principal> {
  const tenantId = await tenantOf(store);
  const principal: Principal = {
    objectId: randomUUID(),
    appId: randomUUID(),
    kind: wanted.kind,
    displayName: wanted.displayName,
    tenantId,
    createdAt: new Date().toISOString(),
    disabled: false,
  };
  await store.write(trx => trx.insertInto('principals').values(rowOf(principal)).execute());
  return principal;
}

/** All principals, the oldest first. */
export async function listPrincipals(store: Store): Promise<readonly Principal[]> {
  const rows = await store.db.selectFrom('principals').selectAll().orderBy('created_at').orderBy('object_id').execute();
  return rows.map(principalOf);
}

export async function principalByObjectId(store: Store, objectId: string): Promise<Principal | undefined> {
  const row = await store.db
    .selectFrom('principals')
    .selectAll()
    .where('object_id', '=', objectId.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? undefined : principalOf(row);
}

export async function principalByAppId(store: Store, appId: string): Promise<Principal | undefined> {
  const row = await store.db
    .selectFrom('principals')
    .selectAll()
    .where('app_id', '=', appId.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? undefined : principalOf(row);
}

/**
 * The principal of a client id, an object id or a display name.
 *
 * @throws KilnError `PrincipalNotFound`, `PrincipalAmbiguous`
 */
export async function findPrincipal(store: Store, name: string): Promise<Principal> {
  const byId = (await principalByAppId(store, name)) ?? (await principalByObjectId(store, name));
  if (byId !== undefined) return byId;
  const called = (await listPrincipals(store)).filter(({ displayName }) => displayName === name);
  const [only] = called;
  if (only === undefined) throw identityError('PrincipalNotFound', { principal: name });
  if (called.length > 1) throw identityError('PrincipalAmbiguous', { principal: name, count: called.length });
  return only;
}

/** Tokens of a disabled principal are refused, and it gets no new ones. A service notices within seconds. */
export async function setDisabled(store: Store, objectId: string, disabled: boolean): Promise<void> {
  await store.write(trx =>
    trx
      .updateTable('principals')
      .set({ disabled: disabled ? 1 : 0 })
      .where('object_id', '=', objectId)
      .execute(),
  );
}

/** Its secrets and certificates go with it. */
export async function removePrincipal(store: Store, objectId: string): Promise<void> {
  await store.write(async trx => {
    await trx.deleteFrom('principal_secrets').where('object_id', '=', objectId).execute();
    await trx.deleteFrom('principal_certificates').where('object_id', '=', objectId).execute();
    await trx.deleteFrom('principals').where('object_id', '=', objectId).execute();
  });
}

function rowOf(principal: Principal): PrincipalRow {
  return {
    object_id: principal.objectId,
    app_id: principal.appId,
    kind: principal.kind,
    display_name: principal.displayName,
    tenant_id: principal.tenantId,
    created_at: principal.createdAt,
    disabled: principal.disabled ? 1 : 0,
  };
}

function principalOf(row: PrincipalRow): Principal {
  return {
    objectId: row.object_id,
    appId: row.app_id,
    kind: row.kind,
    displayName: row.display_name,
    tenantId: row.tenant_id,
    createdAt: row.created_at,
    disabled: Number(row.disabled) !== 0,
  };
}
