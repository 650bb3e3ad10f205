import type { Store } from '../store/store.ts';
import type { CheckAssertion } from './client-certificate.ts';
import { checkSecret } from './client-secret.ts';
import { type Principal, principalByAppId } from './principals.ts';
import { SlowDown } from './slow-down.ts';

/** What a client shows of itself: its secret, or a JWT that it signed. */
export type Proof = { readonly secret: string } | { readonly assertion: string };

/** How an attempt to log in ended. `busy`: too many attempts for this client at the moment. */
export type LogIn =
  | { readonly principal: Principal }
  | { readonly refused: 'unknown' | 'wrong' | 'expired' | 'disabled' | 'busy' };

export interface ClientCredentials {
  logIn(clientId: string, proof: Proof): Promise<LogIn>;
}

/** Checks client ids with what proves them. Wrong proofs make the next attempt for the same client slower. */
export function clientCredentials(
  store: Store,
  checkAssertion: CheckAssertion,
  { slowDown = new SlowDown(), now = () => new Date() }: { slowDown?: SlowDown; now?: () => Date } = {},
): ClientCredentials {
  return {
    logIn: async (clientId, proof) => {
      const principal = await principalByAppId(store, clientId);
      if (principal === undefined) return { refused: 'unknown' };
      const check = () =>
        'secret' in proof
          ? checkSecret(store, principal.objectId, proof.secret, now())
          : checkAssertion(principal, proof.assertion);
      const outcome = await slowDown.attempt(principal.appId, check, result => result !== 'wrong');
      if (outcome === 'busy') return { refused: 'busy' };
      if (outcome === 'wrong') return { refused: 'wrong' };
      if (outcome === 'expired') return { refused: 'expired' };
      // Only who proved to be the client hears that the principal is disabled.
      return principal.disabled ? { refused: 'disabled' } : { principal };
    },
  };
}
