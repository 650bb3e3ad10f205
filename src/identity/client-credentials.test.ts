import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import type { Store } from '../store/store.ts';
import { addCertificate, assertionChecker } from './client-certificate.ts';
import { clientCredentials as credentialsWith } from './client-credentials.ts';
import { addSecret, hashSecret, isSecret, listSecrets } from './client-secret.ts';
import { createPrincipal, findPrincipal, type Principal, setDisabled, tenantOf } from './principals.ts';
import { SlowDown } from './slow-down.ts';

let fixture: StoreFixture;
beforeAll(async () => {
  fixture = await storeFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const ENDPOINT = 'https://localhost:8443/adfs/oauth2/token';

/** Logs in with secrets. */
function clientCredentials(store: Store, options: Parameters<typeof credentialsWith>[2] = {}) {
  const clients = credentialsWith(
    store,
    assertionChecker(store, () => [ENDPOINT]),
    options,
  );
  return { logIn: (clientId: string, secret: string) => clients.logIn(clientId, { secret }) };
}

async function principalWithSecret(name: string): Promise<{ principal: Principal; secret: string }> {
  const principal = await createPrincipal(fixture.store, { kind: 'ServicePrincipal', displayName: name });
  return { principal, ...(await addSecret(fixture.store, principal)) };
}

test('the right secret logs in, in any case of the client id; any other is refused, and only a hint of it is kept', async () => {
  const { principal, secret } = await principalWithSecret('a');
  const clients = clientCredentials(fixture.store);
  expect(secret).toMatch(/^[A-Za-z0-9_-]{40}$/);
  expect(await clients.logIn(principal.appId.toUpperCase(), secret)).toEqual({ principal });
  for (const wrong of ['', 'x', secret.slice(1), `${secret} `]) {
    expect(await clients.logIn(principal.appId, wrong)).toEqual({ refused: 'wrong' });
  }
  expect(await clients.logIn(principal.objectId, secret)).toEqual({ refused: 'unknown' });
  const kept = JSON.stringify(await fixture.store.db.selectFrom('principal_secrets').selectAll().execute());
  expect(kept).not.toContain(secret.slice(0, 8));
  expect((await listSecrets(fixture.store)).get(principal.objectId)).toMatchObject([{ hint: secret.slice(0, 3) }]);
});

test('a principal has several secrets, which expire and are revoked one by one', async () => {
  const { store } = fixture;
  const { principal, secret } = await principalWithSecret('b');
  let now = new Date('2026-06-01T00:00:00Z');
  const clients = clientCredentials(store, { now: () => now });
  const short = await addSecret(store, principal, { expiresAt: '2026-06-02T00:00:00.000Z' });
  const logIn = (one: string) => clients.logIn(principal.appId, one);
  expect(await logIn(short.secret)).toEqual({ principal });
  now = new Date('2026-06-02T00:00:00Z');
  expect(await logIn(short.secret)).toEqual({ refused: 'expired' });
  expect(await logIn(secret)).toEqual({ principal });
  const last = await addSecret(store, principal, { revokeOthers: true });
  expect(await logIn(secret)).toEqual({ refused: 'wrong' });
  expect(await logIn(last.secret)).toEqual({ principal });
  await setDisabled(store, principal.objectId, true);
  expect(await logIn(last.secret)).toEqual({ refused: 'disabled' });
  expect(await logIn('guess')).toEqual({ refused: 'wrong' });
});

test('wrong secrets make the next attempt slower, for the same client only, until the right one', async () => {
  const [a, b] = [await principalWithSecret('c'), await principalWithSecret('d')];
  const pauses: number[] = [];
  const slowDown = new SlowDown(async milliseconds => {
    pauses.push(milliseconds);
  });
  const clients = clientCredentials(fixture.store, { slowDown });
  for (let i = 0; i < 10; i++) await clients.logIn(a.principal.appId, 'guess');
  expect(pauses).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(await clients.logIn(b.principal.appId, b.secret)).toHaveProperty('principal');
  expect(pauses).toHaveLength(7);
  expect(await clients.logIn(a.principal.appId, a.secret)).toHaveProperty('principal');
  expect(await clients.logIn(a.principal.appId, 'guess')).toHaveProperty('refused');
  expect(pauses).toHaveLength(8);
});

test('attempts for one client come one after the other, and those beyond a few are turned away', async () => {
  const slowDown = new SlowDown();
  let atOnce = 0;
  let most = 0;
  const attempt = async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise(resolve => setImmediate(resolve));
    atOnce -= 1;
    return 'done' as const;
  };
  const all = await Promise.all(Array.from({ length: 50 }, () => slowDown.attempt('one', attempt, () => true)));
  expect(most).toBe(1);
  expect([all.filter(outcome => outcome === 'done').length, all.filter(outcome => outcome === 'busy').length]).toEqual([
    8, 42,
  ]);
  expect(await slowDown.attempt('one', attempt, () => true)).toBe('done');
  await expect(
    slowDown.attempt(
      'one',
      () => Promise.reject(new Error('no database')),
      () => true,
    ),
  ).rejects.toThrow('no database');
  expect(await slowDown.attempt('one', attempt, () => true)).toBe('done');
});

test('failures are forgotten after ten minutes', async () => {
  let now = 0;
  const pauses: number[] = [];
  const slowDown = new SlowDown(
    async milliseconds => {
      pauses.push(milliseconds);
    },
    () => now,
  );
  const fail = () =>
    slowDown.attempt(
      'one',
      async () => 'no',
      () => false,
    );
  for (let i = 0; i < 4; i++) await fail();
  now += 11 * 60_000;
  await fail();
  expect(pauses).toEqual([200]);
});

test('a hash tells its own cost, so that those of older secrets are still understood', async () => {
  expect(await hashSecret('s')).toMatch(/^scrypt\$16384\$8\$1\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$/);
  // RFC 7914, section 12.
  const vector =
    'scrypt$1024$8$16$TmFDbA==$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA==';
  expect(await isSecret('password', vector)).toBe(true);
  expect(await isSecret('Password', vector)).toBe(false);
});

test('principals are found by either id and by name; the tenant is made once', async () => {
  const { store } = fixture;
  const { principal } = await principalWithSecret('found');
  for (const name of [principal.appId, principal.objectId, 'found'])
    expect(await findPrincipal(store, name)).toEqual(principal);
  await expect(findPrincipal(store, 'nobody')).rejects.toMatchObject({ code: 'PrincipalNotFound' });
  await createPrincipal(store, { kind: 'ServicePrincipal', displayName: 'found' });
  await expect(findPrincipal(store, 'found')).rejects.toMatchObject({ code: 'PrincipalAmbiguous' });
  const identity = await createPrincipal(store, { kind: 'ManagedIdentity', displayName: 'vm' });
  await expect(addSecret(store, identity)).rejects.toMatchObject({ code: 'PrincipalWithoutSecrets' });
  const tenants = await Promise.all([tenantOf(store), tenantOf(store)]);
  expect(new Set([...tenants, principal.tenantId]).size).toBe(1);
});

test('the key of a certificate logs in, for this service and this client only, as long as the certificate is valid', async () => {
  const { store, directory } = fixture;
  const { principal } = await principalWithSecret('signer');
  const keys = await x509.cryptoProvider.get().subtle.generateKey(RSA, true, ['sign', 'verify']);
  const notAfter = new Date(Date.now() + 3_600_000);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=signer',
    notAfter,
    signingAlgorithm: RSA,
    keys,
  });
  const file = join(directory, 'signer.pem');
  await writeFile(file, certificate.toString('pem'));
  await addCertificate(store, principal, file);
  await addCertificate(store, principal, file);

  let now = new Date();
  const clients = credentialsWith(
    store,
    assertionChecker(
      store,
      () => [ENDPOINT],
      () => now,
    ),
  );
  const digest = (algorithm: string) =>
    createHash(algorithm).update(Buffer.from(certificate.rawData)).digest('base64url');
  const sign = (change: object = {}, header: object = {}) => {
    const seconds = Math.floor(now.getTime() / 1000);
    const { appId } = principal;
    const claims = { aud: ENDPOINT, iss: appId, sub: appId, exp: seconds + 600, jti: 'one', ...change };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', x5t: digest('sha1'), ...header })
      .sign(keys.privateKey);
  };
  const logIn = async (assertion: string | Promise<string>) => {
    const outcome = await clients.logIn(principal.appId, { assertion: await assertion });
    return 'refused' in outcome ? outcome.refused : outcome.principal.displayName;
  };
  expect(await logIn(sign())).toBe('signer');
  expect(await logIn(sign({}, { x5t: `${digest('sha1')}=` }))).toBe('signer');
  expect(await logIn(sign({}, { x5t: undefined, 'x5t#S256': digest('sha256') }))).toBe('signer');
  const other = await principalWithSecret('other');
  for (const wrong of [
    sign({ aud: 'https://elsewhere/token' }),
    sign({ sub: other.principal.appId }),
    sign({ exp: Math.floor(now.getTime() / 1000) - 60 }),
    sign({ exp: Math.floor(now.getTime() / 1000) + 48 * 3600 }),
    sign({}, { x5t: 'abc' }),
    sign({}, { x5t: `${digest('sha1')}${'='.repeat(47_000)}` }),
    sign({}, { x5t: `${'='.repeat(47_000)}x` }),
    sign().then(text => `${text.slice(0, -8)}AAAAAAAA`),
    'no token',
  ]) {
    expect(await logIn(wrong)).toBe('wrong');
    await clients.logIn(principal.appId, { assertion: await sign() });
  }
  expect(await clients.logIn(other.principal.appId, { assertion: await sign() })).toEqual({ refused: 'wrong' });
  now = new Date(notAfter.getTime() + 1000);
  expect(await logIn(sign())).toBe('expired');
  await writeFile(file, 'no certificate');
  await expect(addCertificate(store, principal, file)).rejects.toMatchObject({ code: 'PrincipalCertificateUnusable' });
});
