import { hash, randomUUID } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import { identityError } from '../errors/identity.ts';
import type { Store } from '../store/store.ts';
import { BoundedMap } from './bounded-map.ts';
import { type Principal, type PrincipalKind, principalByObjectId } from './principals.ts';
import { ALGORITHM, type SigningKeys } from './signing-keys.ts';

/** What Azure's tokens live for, in seconds. */
export const TOKEN_SECONDS = 3599;
/** How far the clock of another machine may be off, in seconds. */
const LEEWAY_SECONDS = 30;
/** Tokens whose signature need not be looked at again. */
const REMEMBERED_TOKENS = 10_000;
/** How long a principal is believed to be as it was read. Another process may disable it meanwhile. */
const BELIEVED_MS = 2000;

/** Who makes a request. */
export interface Caller {
  readonly objectId: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly kind: PrincipalKind;
  readonly name: string;
}

export interface IssuedToken {
  readonly accessToken: string;
  /** Seconds from now. */
  readonly expiresIn: number;
}

export interface Tokens {
  /** @param audience the resource that the token is for, e.g. `https://localhost:8443` */
  issue(request: { readonly principal: Principal; readonly audience: string }): Promise<IssuedToken>;
  /**
   * Who a token was issued to.
   *
   * @param audiences the token has to be for one of these
   * @throws KilnError `InvalidAuthenticationToken`, `ExpiredAuthenticationToken`, `InvalidAuthenticationTokenAudience`,
   *   `InvalidAuthenticationTokenTenant`
   */
  verify(token: string, audiences: readonly string[]): Promise<Caller>;
  /** To be called when a principal was disabled or removed: its tokens are refused from now on. Other processes notice within seconds. */
  forget(objectId: string): void;
}

export interface TokenOptions {
  readonly store: Store;
  readonly keys: SigningKeys;
  readonly tenantId: string;
  /** `iss` of tokens. Called for each token: a service learns its own address when it listens. */
  readonly issuer: () => string;
  readonly now?: () => Date;
}

interface Verified {
  readonly objectId: string;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since 1970. */
  readonly expires: number;
}

interface Believed {
  readonly principal: Principal | undefined;
  readonly readAt: number;
}

/** Issues tokens and verifies those that it issued. */
export function tokenService({ store, keys, tenantId, issuer, now = () => new Date() }: TokenOptions): Tokens {
  const verified = new BoundedMap<string, Verified>(REMEMBERED_TOKENS);
  const believed = new BoundedMap<string, Believed>(REMEMBERED_TOKENS);

  async function principalOf(objectId: string): Promise<Principal | undefined> {
    const known = believed.get(objectId);
    const time = now().getTime();
    if (known !== undefined && Math.abs(time - known.readAt) < BELIEVED_MS) return known.principal;
    const principal = await principalByObjectId(store, objectId);
    believed.set(objectId, { principal, readAt: time });
    return principal;
  }

  function forget(objectId: string): void {
    believed.delete(objectId);
    verified.deleteWhere(token => token.objectId === objectId);
  }

  async function callerOf(objectId: string): Promise<Caller> {
    const principal = await principalOf(objectId);
    if (principal === undefined || principal.disabled) {
      forget(objectId);
      const reason = principal === undefined ? 'Its principal is gone.' : 'Its principal is disabled.';
      throw identityError('InvalidAuthenticationToken', { reason });
    }
    const { appId, kind, displayName } = principal;
    return { objectId, appId, tenantId, kind, name: displayName };
  }

  return {
    issue: async ({ principal, audience }) => {
      const { kid, privateKey } = keys.newest();
      const time = Math.floor(now().getTime() / 1000);
      const accessToken = await new SignJWT({
        oid: principal.objectId,
        appid: principal.appId,
        tid: tenantId,
        idtyp: principal.kind === 'User' ? 'user' : 'app',
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
        .setIssuer(issuer())
        .setAudience(audience)
        .setSubject(principal.objectId)
        .setIssuedAt(time)
        .setNotBefore(time)
        .setExpirationTime(time + TOKEN_SECONDS)
        .setJti(randomUUID())
        .sign(privateKey);
      return { accessToken, expiresIn: TOKEN_SECONDS };
    },

    verify: async (token, audiences) => {
      // A token is as good as a password, so it is not what the memory is searched by.
      const name = hash('sha256', token, 'base64');
      const known = verified.get(name);
      const time = now();
      const stillGood =
        known !== undefined &&
        known.issuer === issuer() &&
        known.expires + LEEWAY_SECONDS > time.getTime() / 1000 &&
        audiences.includes(known.audience);
      if (stillGood) return callerOf(known.objectId);
      verified.delete(name);
      const fresh = await verifySignature(token, { keys, tenantId, issuer: issuer(), audiences, now: time });
      const caller = await callerOf(fresh.objectId);
      verified.set(name, fresh);
      return caller;
    },

    forget,
  };
}

interface Expected {
  readonly keys: SigningKeys;
  readonly tenantId: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly now: Date;
}

async function verifySignature(token: string, expected: Expected): Promise<Verified> {
  const { keys, tenantId, issuer, audiences, now } = expected;
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.byKid(kid ?? '');
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      {
        algorithms: [ALGORITHM],
        issuer,
        audience: [...audiences],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: now,
        requiredClaims: ['sub', 'oid', 'exp', 'nbf', 'iat'],
      },
    );
    const { oid, sub, tid, aud, exp } = payload;
    if (typeof oid !== 'string' || oid !== sub || tid !== tenantId || typeof aud !== 'string' || exp === undefined) {
      throw identityError('InvalidAuthenticationToken', {});
    }
    return { objectId: oid, issuer, audience: aud, expires: exp };
  } catch (cause) {
    throw refusal(cause, token, expected);
  }
}

/** What is wrong with a token, in the service's words. What a token claims is told only when its signature is good. */
function refusal(cause: unknown, token: string, { issuer, audiences, now }: Expected): unknown {
  if (!(cause instanceof errors.JOSEError)) return cause;
  if (cause instanceof errors.JWTExpired) {
    const expired = new Date((cause.payload.exp ?? 0) * 1000).toISOString();
    return identityError('ExpiredAuthenticationToken', { expired, now: now.toISOString() }, { cause });
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const { iss, aud } = decodeJwt(token);
    if (cause.claim === 'aud') {
      return identityError(
        'InvalidAuthenticationTokenAudience',
        { audience: String(aud), allowed: audiences },
        { cause },
      );
    }
    if (cause.claim === 'iss') {
      return identityError('InvalidAuthenticationTokenTenant', { issuer: String(iss), expected: issuer }, { cause });
    }
    if (cause.claim === 'nbf') {
      return identityError('InvalidAuthenticationToken', { reason: 'It is not valid yet.' }, { cause });
    }
  }
  return identityError('InvalidAuthenticationToken', {}, { cause });
}
