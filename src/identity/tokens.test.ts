import { generateKeyPairSync, type webcrypto } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AUDIENCE, type IdentityFixture, ISSUER, identityFixture } from './identity.fixture.ts';
import { createPrincipal, removePrincipal, setDisabled } from './principals.ts';
import { TOKEN_SECONDS, tokenService } from './tokens.ts';

let site: IdentityFixture;
beforeAll(async () => {
  site = await identityFixture();
});
afterAll(() => site[Symbol.asyncDispose]());

/** A token that differs from a good one in what the test says. */
async function token(
  change: { claims?: Readonly<Record<string, unknown>>; header?: object; key?: webcrypto.CryptoKey | Uint8Array } = {},
): Promise<string> {
  const { kid, privateKey } = site.keys.newest();
  const now = Math.floor(Date.now() / 1000);
  const { objectId, appId } = site.principal;
  const claims = {
    ...{ iss: ISSUER, aud: AUDIENCE, sub: objectId, oid: objectId, appid: appId, tid: site.tenantId },
    ...{ iat: now, nbf: now, exp: now + 3600 },
    ...change.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...change.header })
    .sign(change.key ?? privateKey);
}

test('a token says who it was issued to, in claims that others can verify from the key set', async () => {
  const { tokens, principal, tenantId, keys } = site;
  const { accessToken, expiresIn } = await tokens.issue({ principal, audience: AUDIENCE });
  expect(expiresIn).toBe(3599);
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet({ keys: [...keys.jwks().keys] }), {
    issuer: ISSUER,
    audience: AUDIENCE,
  });
  const { objectId, appId } = principal;
  expect(payload).toMatchObject({ sub: objectId, oid: objectId, appid: appId, tid: tenantId, idtyp: 'app' });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(TOKEN_SECONDS);
  expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/);
  const caller = { objectId, appId, tenantId, kind: 'ServicePrincipal', name: 'deployer' };
  expect(await tokens.verify(accessToken, [AUDIENCE])).toEqual(caller);
  // Once more, from what is remembered.
  expect(await tokens.verify(accessToken, ['https://elsewhere', AUDIENCE])).toEqual(caller);
});

test('a good token that was made by hand is taken: the cases below differ in one thing each', async () => {
  await expect(site.tokens.verify(await token(), [AUDIENCE])).resolves.toMatchObject({ name: 'deployer' });
});

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset;

test.each<[string, string, () => Promise<string>]>([
  ['has expired', 'ExpiredAuthenticationToken', () => token({ claims: { exp: seconds(-60) } })],
  ['is not valid yet', 'InvalidAuthenticationToken', () => token({ claims: { nbf: seconds(120) } })],
  [
    'is for another resource',
    'InvalidAuthenticationTokenAudience',
    () => token({ claims: { aud: `${AUDIENCE}/graph` } }),
  ],
  ['is for several resources', 'InvalidAuthenticationToken', () => token({ claims: { aud: [AUDIENCE, 'https://b'] } })],
  ['is of another issuer', 'InvalidAuthenticationTokenTenant', () => token({ claims: { iss: 'https://evil/adfs' } })],
  ['is of another tenant', 'InvalidAuthenticationToken', () => token({ claims: { tid: crypto.randomUUID() } })],
  ['is of nobody', 'InvalidAuthenticationToken', () => token({ claims: { sub: undefined } })],
  ['never ends', 'InvalidAuthenticationToken', () => token({ claims: { exp: undefined } })],
  ['speaks of two principals', 'InvalidAuthenticationToken', () => token({ claims: { oid: crypto.randomUUID() } })],
  ['is signed by another key', 'InvalidAuthenticationToken', () => token({ key: importable(stranger.privateKey) })],
  ['names a key that there is none of', 'InvalidAuthenticationToken', () => token({ header: { kid: 'nonesuch' } })],
  [
    'brings its own key',
    'InvalidAuthenticationToken',
    () =>
      token({ key: importable(stranger.privateKey), header: { jwk: stranger.publicKey.export({ format: 'jwk' }) } }),
  ],
  [
    'is signed with the public key as a password',
    'InvalidAuthenticationToken',
    () => token({ header: { alg: 'HS256' }, key: Buffer.from(JSON.stringify(site.keys.newest().jwk)) }),
  ],
  [
    'is not signed',
    'InvalidAuthenticationToken',
    async () => new UnsecuredJWT({ sub: site.principal.objectId }).setIssuer(ISSUER).setAudience(AUDIENCE).encode(),
  ],
  ['lost its signature', 'InvalidAuthenticationToken', async () => (await token()).replace(/[^.]+$/, '')],
  ['is no token', 'InvalidAuthenticationToken', async () => 'abc'],
  [
    'was changed',
    'InvalidAuthenticationToken',
    async () => {
      const [head, , signature] = (await token()).split('.');
      const [, body] = (await token({ claims: { oid: 'admin', sub: 'admin' } })).split('.');
      return [head, body, signature].join('.');
    },
  ],
])('a token that %s is refused', async (_what, code, make) => {
  const made = await make();
  await expect(site.tokens.verify(made, [AUDIENCE])).rejects.toMatchObject({ code, status: 401 });
});

function importable(key: ReturnType<typeof generateKeyPairSync>['privateKey']): webcrypto.CryptoKey {
  return key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
}

test('a token that was remembered is refused once it has expired, for another resource, and under another address', async () => {
  const { fixture, keys, tenantId, principal } = site;
  let issuer = ISSUER;
  let now = new Date('2026-01-01T00:00:00Z');
  const tokens = tokenService({ store: fixture.store, keys, tenantId, issuer: () => issuer, now: () => now });
  const { accessToken } = await tokens.issue({ principal, audience: AUDIENCE });
  await tokens.verify(accessToken, [AUDIENCE]);
  await expect(tokens.verify(accessToken, ['https://elsewhere'])).rejects.toMatchObject({
    code: 'InvalidAuthenticationTokenAudience',
  });
  issuer = 'https://renamed/adfs';
  await expect(tokens.verify(accessToken, [AUDIENCE])).rejects.toMatchObject({
    code: 'InvalidAuthenticationTokenTenant',
  });
  issuer = ISSUER;
  await tokens.verify(accessToken, [AUDIENCE]);
  // Clocks may differ by half a minute.
  now = new Date(now.getTime() + (TOKEN_SECONDS + 20) * 1000);
  await tokens.verify(accessToken, [AUDIENCE]);
  now = new Date(now.getTime() + 20_000);
  await expect(tokens.verify(accessToken, [AUDIENCE])).rejects.toMatchObject({ code: 'ExpiredAuthenticationToken' });
});

test('tokens of a principal that is disabled or removed are refused: at once where it was done, elsewhere within seconds', async () => {
  const { fixture, keys, tenantId } = site;
  const { store } = fixture;
  let now = new Date();
  const tokens = tokenService({ store, keys, tenantId, issuer: () => ISSUER, now: () => now });
  const principal = await createPrincipal(store, { kind: 'ManagedIdentity', displayName: 'builder' });
  const { accessToken } = await tokens.issue({ principal, audience: AUDIENCE });
  const verify = () => tokens.verify(accessToken, [AUDIENCE]);
  const refused = { code: 'InvalidAuthenticationToken', status: 401 };
  expect(await verify()).toMatchObject({ kind: 'ManagedIdentity' });

  await setDisabled(store, principal.objectId, true);
  tokens.forget(principal.objectId);
  await expect(verify()).rejects.toMatchObject(refused);
  await setDisabled(store, principal.objectId, false);
  now = new Date(now.getTime() + 3000);
  expect(await verify()).toMatchObject({ name: 'builder' });
  await removePrincipal(store, principal.objectId);
  now = new Date(now.getTime() + 3000);
  await expect(verify()).rejects.toMatchObject(refused);
});

test('after a rotation new tokens have the new key, and those of the old one are still good', async () => {
  const { tokens, keys, principal } = site;
  const before = await tokens.issue({ principal, audience: AUDIENCE });
  await keys.rotate();
  const after = await tokens.issue({ principal, audience: AUDIENCE });
  const kids = [before, after].map(({ accessToken }) => decodeProtectedHeader(accessToken).kid);
  expect(new Set(kids).size).toBe(2);
  expect(keys.jwks().keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining(kids));
  for (const { accessToken } of [before, after]) {
    expect(await tokens.verify(accessToken, [AUDIENCE])).toMatchObject({ name: 'deployer' });
  }
});
