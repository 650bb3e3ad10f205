import { randomBytes, randomUUID, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { identityError } from '../errors/identity.ts';
import type { PrincipalSecretRow } from '../store/principal-rows.ts';
import type { Store } from '../store/store.ts';
import type { Principal } from './principals.ts';

/** A secret is 30 random bytes: 40 characters, none of which a shell or a URL treats specially, and the first of which makes no option of it. */
const SECRET_BYTES = 30;
const HASH_BYTES = 32;
const HINT_CHARACTERS = 3;
/** 16 MiB and some 40 ms for each check. */
const COST = { N: 16_384, r: 8, p: 1 };

/** What is known of a secret after it was shown. */
export interface ClientSecret {
  readonly id: string;
  readonly hint: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
}

function newSecret(): string {
  for (;;) {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    if (!secret.startsWith('-')) return secret;
  }
}

/**
 * Makes a secret. Only its hash is kept, so this is the one time that it can be shown.
 *
 * @throws KilnError `PrincipalWithoutSecrets`
 */
export async function addSecret(
  store: Store,
  principal: Principal,
  options: { readonly expiresAt?: string; readonly revokeOthers?: boolean } = {},
): Promise<{ readonly id: string; readonly secret: string }> {
  const { objectId, kind, displayName } = principal;
  if (kind !== 'ServicePrincipal') throw identityError('PrincipalWithoutSecrets', { principal: displayName, kind });
  const secret = newSecret();
  const row: PrincipalSecretRow = {
    id: randomUUID(),
    object_id: objectId,
    hash: await hashSecret(secret),
    hint: secret.slice(0, HINT_CHARACTERS),
    created_at: new Date().toISOString(),
    expires_at: options.expiresAt ?? null,
  };
  await store.write(async trx => {
    if (options.revokeOthers) await trx.deleteFrom('principal_secrets').where('object_id', '=', objectId).execute();
    await trx.insertInto('principal_secrets').values(row).execute();
  });
  return { id: row.id, secret };
}

/** The secrets of all principals by object id, the oldest first. */
export async function listSecrets(store: Store): Promise<ReadonlyMap<string, readonly ClientSecret[]>> {
  const rows = await store.db.selectFrom('principal_secrets').selectAll().orderBy('created_at').execute();
  return new Map(
    [...Map.groupBy(rows, row => row.object_id)].map(([objectId, own]) => [
      objectId,
      own.map(row => ({
        id: row.id,
        hint: row.hint,
        createdAt: row.created_at,
        expiresAt: row.expires_at ?? undefined,
      })),
    ]),
  );
}

/** Whether a principal has this secret, and whether it is still valid. All of its secrets are compared. */
export async function checkSecret(
  store: Store,
  objectId: string,
  secret: string,
  now: Date,
): Promise<'valid' | 'expired' | 'wrong'> {
  const rows = await store.db
    .selectFrom('principal_secrets')
    .select(['hash', 'expires_at'])
    .where('object_id', '=', objectId)
    .execute();
  let found: 'valid' | 'expired' | 'wrong' = 'wrong';
  for (const row of rows) {
    if (!(await isSecret(secret, row.hash))) continue;
    found = row.expires_at === null || row.expires_at > now.toISOString() ? 'valid' : 'expired';
  }
  return found;
}

/** `scrypt$N$r$p$salt$hash`, the last two in base64. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt, HASH_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join('$');
}

export async function isSecret(secret: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt = '', hash = ''] = stored.split('$');
  if (scheme !== 'scrypt') throw new Error(`A secret is hashed with the unknown scheme ${scheme}`);
  const expected = Buffer.from(hash, 'base64');
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  return timingSafeEqual(await derive(secret, Buffer.from(salt, 'base64'), expected.length, cost), expected);
}

function derive(secret: string, salt: Buffer, bytes: number, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, bytes, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
