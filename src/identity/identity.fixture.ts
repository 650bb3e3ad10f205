import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { createPrincipal, type Principal, tenantOf } from './principals.ts';
import { openSigningKeys, type SigningKeys } from './signing-keys.ts';
import { type Tokens, tokenService } from './tokens.ts';

export const ISSUER = 'https://localhost:8443/adfs';
export const AUDIENCE = 'https://localhost:8443';

export interface IdentityFixture extends AsyncDisposable {
  readonly fixture: StoreFixture;
  readonly keys: SigningKeys;
  readonly tenantId: string;
  readonly tokens: Tokens;
  readonly principal: Principal;
  /** What the clock of the token service shows. */
  at(time: Date): void;
}

/** A store with one service principal, keys, and a token service whose clock the test sets. */
export async function identityFixture(): Promise<IdentityFixture> {
  const fixture = await storeFixture();
  const { store, directory } = fixture;
  const keys = await openSigningKeys(join(directory, 'signing-keys'));
  const tenantId = await tenantOf(store);
  let now: Date | undefined;
  return {
    ...{ fixture, keys, tenantId },
    tokens: tokenService({ ...{ store, keys, tenantId }, issuer: () => ISSUER, now: () => now ?? new Date() }),
    principal: await createPrincipal(store, { kind: 'ServicePrincipal', displayName: 'deployer' }),
    at: time => {
      now = time;
    },
    [Symbol.asyncDispose]: async () => {
      await fixture[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
