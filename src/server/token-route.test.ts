import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertionChecker } from '../identity/client-certificate.ts';
import { clientCredentials } from '../identity/client-credentials.ts';
import { addSecret } from '../identity/client-secret.ts';
import { createPrincipal } from '../identity/principals.ts';
import type { Tokens } from '../identity/tokens.ts';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { serviceUrls } from './service-urls.ts';
import { tokenRoute } from './token-route.ts';

const BASE = 'https://localhost:8443';
const urls = serviceUrls(() => BASE);
/** What a token would be for is all that is asked of it here. */
const tokens: Pick<Tokens, 'issue'> = {
  issue: async ({ audience }) => ({ accessToken: `for ${audience}`, expiresIn: 60 }),
};

let base: StoreFixture;
let form: Readonly<Record<string, string>>;
const app = Fastify();
beforeAll(async () => {
  base = await storeFixture();
  const { store } = base;
  const principal = await createPrincipal(store, { kind: 'ServicePrincipal', displayName: 'ci' });
  const { secret } = await addSecret(store, principal);
  form = { grant_type: 'client_credentials', client_id: principal.appId, client_secret: secret };
  const clients = clientCredentials(
    store,
    assertionChecker(store, () => [urls.tokenEndpoint()]),
  );
  await app.register(scope => tokenRoute(scope, { urls, tokens, clients, tenantId: principal.tenantId }));
});
afterAll(async () => {
  await app.close();
  await base[Symbol.asyncDispose]();
});

/** @param parameters a text is sent as it is */
async function ask(parameters: string | Readonly<Record<string, string>>) {
  const payload = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await app.inject({ method: 'POST', url: '/adfs/oauth2/token', headers, payload });
  const { resource, error_description: said = '' } = answer.json();
  return { status: answer.statusCode, resource, said: String(said).replace(/ Trace ID: .*/s, '') };
}

test.each([
  ['its scope', { scope: `${BASE}/.default` }, BASE],
  ['slashes at its end', { resource: `${BASE}${'/'.repeat(2000)}` }, BASE],
  ['capitals', { scope: `${BASE.toUpperCase()}//.default` }, BASE],
  ["Azure's address", { resource: 'https://management.azure.com/' }, 'https://management.azure.com'],
])('a resource is known by %s', async (_what, asked: Record<string, string>, resource) => {
  expect(await ask({ ...form, ...asked })).toMatchObject({ status: 200, resource });
});

test.each([
  [
    'a scope that is longer than any',
    `scope=${'/'.repeat(65_000)}x/.default`,
    "'scope' is longer than 2048 characters.",
  ],
  [
    'a resource that is longer than any',
    `resource=${'/'.repeat(65_000)}x`,
    "'resource' is longer than 2048 characters.",
  ],
  [
    'more parameters than anybody has',
    Array.from({ length: 10_000 }, (_, i) => `p${i}`).join('&'),
    'there are more than 32 parameters.',
  ],
  ['a parameter twice', 'scope=a&x=1&scope=b', "'scope' is there more than once."],
])('%s is refused before anything is made of it', async (_what, parameters, sentence) => {
  const said = `AADSTS9000411: The request is not properly formatted: ${sentence}`;
  expect(await ask(parameters)).toEqual({ status: 400, resource: undefined, said });
});

test("of a client's own words only the first are looked at", async () => {
  const { said } = await ask(`grant_type=${'\r'.repeat(65_000)}x`);
  expect(said).toContain("unsupported grant type ''");
});
