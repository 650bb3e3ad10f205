import { readFile, rm } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serviceDirectory } from '../../src/home/service-directory.ts';
import { principalByObjectId } from '../../src/identity/principals.ts';
import { openSigningKeys } from '../../src/identity/signing-keys.ts';
import { tokenService } from '../../src/identity/tokens.ts';
import { sourcePaths } from '../../src/sources/source-paths.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';
import { type RunningService, type ServiceAnswer, startService } from './serve-fixture.ts';

/** What the service may hold of the machine's memory, whatever it is asked. */
const MOST_MIB = 768;
/** How late the answer of a health check may be while the service is under load, on a machine that does other things too. */
const LATEST_MS = 3000;
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/abuse`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
const TEMPLATES = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates`;
const V = '?api-version=2024-02-01';

let site: CliSite;
let service: RunningService;
let store: Store;
let token: string;

beforeAll(async () => {
  site = await cliSite();
  expect(await addSmallSource(site, 'Test:small:disk')).toMatchObject({ exitCode: 0 });
  service = await startService(site, '--log-level', 'error');
  token = await service.token(service.ready.administrator?.clientId ?? '', service.ready.administrator?.secret ?? '');
  store = await openStore(site.home, { regions: {} });
  expect((await put(`${GROUP}?api-version=2021-04-01`, { location: 'local' })).status).toBe(201);
  expect((await put(`${IDENTITY}?api-version=2023-01-31`, { location: 'local' })).status).toBe(201);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await store.close();
  await site[Symbol.asyncDispose]();
});

const BODY = {
  location: 'local',
  identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
  properties: {
    source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
    customize: [{ type: 'Shell', inline: ['true'] }],
    distribute: [{ type: 'VHD', runOutputName: 'disk' }],
  },
};
const TEXT = JSON.stringify(BODY);

function put(path: string, body: unknown): Promise<ServiceAnswer> {
  return service.ask(path, { method: 'PUT', token, body: JSON.stringify(body) });
}

async function made(name: string): Promise<void> {
  expect((await put(`${TEMPLATES}/${name}${V}`, BODY)).status).toBe(201);
  await expect
    .poll(async () => (await service.ask(`${TEMPLATES}/${name}${V}`, { token })).text, { timeout: 20_000 })
    .toContain('"provisioningState":"Succeeded"');
}

/** The most memory that the service has held so far. */
async function mostMiB(): Promise<number> {
  const status = await readFile(`/proc/${service.ready.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Asks for the service's health, on a connection of its own, all the time that something takes. Returns the slowest answer. */
async function slowestHealth(during: () => Promise<unknown>): Promise<number> {
  const { options } = service.agent;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const begin = performance.now();
      const url = new URL('/healthz', service.ready.url);
      const request = httpsRequest(url, { agent }, response =>
        response.resume().once('end', () => resolve(performance.now() - begin)),
      );
      request.once('error', reject).end();
    });
  let slowest = await ask();
  let over = false;
  const work = during().finally(() => {
    over = true;
  });
  while (!over) {
    slowest = Math.max(slowest, await ask());
    await delay(10);
  }
  await work;
  agent.destroy();
  return slowest;
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const T = `${TEMPLATES}/x`;

test.each<
  [
    what: string,
    method: string,
    path: string,
    body: string | Buffer | undefined,
    status: number,
    code: string,
    headers?: Record<string, string>,
  ]
>([
  ['a body that is no JSON', 'PUT', T + V, '{"location": ', 400, 'InvalidRequestContent'],
  ['a body that is no object', 'PUT', T + V, '[]', 400, 'InvalidRequestContent'],
  ['no body', 'PUT', T + V, undefined, 400, 'InvalidRequestContent'],
  ['a body of 100,000 levels', 'PUT', T + V, deep(100_000), 400, 'InvalidRequestContent'],
  ['a body of 100,000 brackets', 'PATCH', T + V, '['.repeat(100_000), 400, 'InvalidRequestContent'],
  [
    'a body of 60,000 names',
    'PUT',
    T + V,
    `{${Array.from({ length: 60_000 }, (_, i) => `"n${i}":1`).join()}}`,
    400,
    'ValidationFailed',
  ],
  ['a body of 10 MB', 'PUT', T + V, Buffer.alloc(10_000_000, 0x20), 413, 'RequestContentTooLarge'],
  ['text that is not UTF-8', 'PUT', T + V, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400, 'InvalidRequestContent'],
  ['UTF-16', 'PUT', T + V, Buffer.from(TEXT, 'utf16le'), 400, 'InvalidRequestContent'],
  [
    'a body that is compressed',
    'PUT',
    T + V,
    gzipSync(TEXT),
    400,
    'InvalidRequestContent',
    { 'content-encoding': 'gzip' },
  ],
  ['a content type without a name', 'PUT', T + V, TEXT, 415, 'InvalidRequest', { 'content-type': '' }],
  [
    'the prototype as a member',
    'PUT',
    T + V,
    TEXT.replace('{', '{"__proto__": {"location": "x"},'),
    400,
    'ValidationFailed',
  ],
  ['a version that there is not', 'PUT', `${T}?api-version=2024-02-02`, TEXT, 400, 'NoRegisteredProviderFound'],
  ['no version', 'PUT', T, TEXT, 400, 'MissingApiVersionParameter'],
  ['what is no version', 'GET', `${T}?api-version=../..`, undefined, 400, 'InvalidApiVersionParameter'],
  ['POST of a template', 'POST', T + V, TEXT, 405, 'HttpMethodNotSupported'],
  ['DELETE of the list', 'DELETE', TEMPLATES + V, undefined, 405, 'HttpMethodNotSupported'],
  ['GET of an action', 'GET', `${T}/run${V}`, undefined, 405, 'HttpMethodNotSupported'],
  ['an action that there is not', 'POST', `${T}/explode${V}`, undefined, 404, 'InvalidResourceType'],
  ['a name with a slash in disguise', 'PUT', `${TEMPLATES}/a%2fb${V}`, TEXT, 404, 'InvalidResourceType'],
  ['a name that leads back', 'PUT', `${TEMPLATES}/%2e%2e%2f%2e%2e${V}`, TEXT, 400, 'InvalidUri'],
  ['a name with a zero byte', 'PUT', `${TEMPLATES}/a%00b${V}`, TEXT, 400, 'InvalidUri'],
  ['a name of 2,000 letters', 'PUT', `${TEMPLATES}/${'a'.repeat(2000)}${V}`, TEXT, 400, 'InvalidUri'],
  [
    'a group that leads back',
    'PUT',
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/%2e%2e/providers/Microsoft.VirtualMachineImages/imageTemplates/x${V}`,
    TEXT,
    404,
    'InvalidResourceType',
  ],
  [
    'a subscription of somebody else',
    'GET',
    `/subscriptions/11111111-0000-0000-0000-000000000000/resourceGroups${V}`,
    undefined,
    404,
    'SubscriptionNotFound',
  ],
  [
    'a page that nobody gave out',
    'GET',
    `${TEMPLATES}${V}&$skipToken=${'A'.repeat(4000)}`,
    undefined,
    400,
    'InvalidSkipToken',
  ],
  ['a page of -1', 'GET', `${TEMPLATES}${V}&$top=-1`, undefined, 400, 'InvalidParameter'],
  [
    'a filter of 5,000 terms',
    'GET',
    `/subscriptions/${SUBSCRIPTION}/resources?api-version=2021-04-01&$filter=${"name%20eq%20'a'%20and%20".repeat(5000).slice(0, 12_000)}`,
    undefined,
    400,
    'InvalidFilterInQueryString',
  ],
])('%s is refused by name', async (_what, method, path, body, status, code, headers = {}) => {
  const answer = await service.ask(path, { method, token, headers, ...(body === undefined ? {} : { body }) });
  const { error } = answer.json() as { error: { code: string } };
  expect([answer.status, error.code], answer.text.slice(0, 500)).toEqual([status, code]);
});

test('two members of one name are refused; what the type of the content is said to be does not count', async () => {
  const twice = TEXT.replace('{', '{"location": "nowhere",');
  const answer = await service.ask(`${TEMPLATES}/twice${V}`, { method: 'PUT', token, body: twice });
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('`location` is given more than once')]);
  for (const [name, type] of Object.entries({
    xml: 'text/xml',
    form: 'multipart/form-data; boundary=x',
    text: 'text/plain; charset=utf-16',
  })) {
    const headers = { 'content-type': type };
    const { status, text } = await service.ask(`${TEMPLATES}/${name}${V}`, {
      method: 'PUT',
      token,
      body: TEXT,
      headers,
    });
    expect(status, text).toBe(201);
  }
});

test('a token is good until it expires, and only the service issues any', async () => {
  const { url, tenantId, administrator } = service.ready;
  const principal = await principalByObjectId(store, administrator?.objectId ?? '');
  if (principal === undefined) throw new Error('no administrator');
  const keys = await openSigningKeys(serviceDirectory(site.home.service).signingKeys);
  const issued = async (ago: number, issuer = `${url}/adfs`) => {
    const now = () => new Date(Date.now() - ago);
    const tokens = tokenService({ store, keys, tenantId, issuer: () => issuer, now });
    return (await tokens.issue({ principal, audience: url })).accessToken;
  };
  const ask = async (one: string) => service.ask(`${TEMPLATES}${V}`, { token: one });
  expect((await ask(await issued(0))).status).toBe(200);
  const expired = await ask(await issued(25 * 3_600_000));
  expect([expired.status, expired.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Bearer')]);
  const [head, claims, signature] = token.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  const forged = [
    `${none}.${claims}.`,
    `${head}.${claims}.${signature?.slice(0, -8)}AAAAAAAA`,
    `${head}.${claims}`,
    'x'.repeat(15_000),
  ];
  for (const one of [await issued(0, 'https://elsewhere/adfs'), ...forged]) expect((await ask(one)).status).toBe(401);
});

test('ten thousand templates are listed page by page, while others are served', async () => {
  await made('pattern');
  const id = `${TEMPLATES}/pattern`;
  const row = await store.db
    .selectFrom('resources')
    .selectAll()
    .where('key', '=', id.toLowerCase())
    .executeTakeFirstOrThrow();
  const names = Array.from({ length: 10_000 }, (_, i) => `many-${String(i).padStart(5, '0')}`);
  for (let from = 0; from < names.length; from += 500) {
    const rows = names
      .slice(from, from + 500)
      .map(name => ({ ...row, name, id: `${TEMPLATES}/${name}`, key: `${TEMPLATES}/${name}`.toLowerCase() }));
    await store.write(trx => trx.insertInto('resources').values(rows).execute());
  }
  const seen: string[] = [];
  const slowest = await slowestHealth(async () => {
    let next: string | undefined = `${TEMPLATES}${V}`;
    while (next !== undefined) {
      const answer: ServiceAnswer = await service.ask(next, { token });
      expect(answer.status).toBe(200);
      const { value, nextLink } = answer.json() as { value: { name: string }[]; nextLink?: string };
      expect(value.length).toBeLessThanOrEqual(1000);
      seen.push(...value.map(({ name }) => name));
      next = nextLink === undefined ? undefined : new URL(nextLink).pathname + new URL(nextLink).search;
    }
  });
  expect(seen.filter(name => name.startsWith('many-'))).toEqual(names);
  const all = await service.ask(`/subscriptions/${SUBSCRIPTION}/resources?api-version=2021-04-01&$top=1000`, { token });
  expect((all.json()['value'] as unknown[]).length).toBe(1000);
  console.log(`slowest health check ${Math.round(slowest)} ms, memory at most ${Math.round(await mostMiB())} MiB`);
  expect(slowest).toBeLessThan(LATEST_MS);
  expect(await mostMiB()).toBeLessThan(MOST_MIB);
}, 120_000);

test('a thousand requests at once, to read, write and run, are each answered as they should be', async () => {
  const templates = Array.from({ length: 5 }, (_, i) => `run-${i}`);
  for (const name of templates) await made(name);
  // Runs end where they look for the disk.
  await rm(sourcePaths(site.home).disks, { recursive: true });
  const answers = new Map<string, number[]>();
  const slowest = await slowestHealth(() =>
    Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const name = templates[i % templates.length];
        const [what, path, method, body] = (
          [
            ['get', `${TEMPLATES}/${name}${V}`, 'GET', undefined],
            ['list', `${TEMPLATES}${V}&$top=50`, 'GET', undefined],
            ['same', `${TEMPLATES}/${name}${V}`, 'PUT', TEXT],
            ['run', `${TEMPLATES}/${name}/run${V}`, 'POST', undefined],
            ['other', `${TEMPLATES}/${name}${V}`, 'PUT', TEXT.replace('true', 'false')],
            ['nobody', `${TEMPLATES}/${name}${V}`, 'GET', undefined],
          ] as const
        )[Math.trunc(i / templates.length) % 6] ?? ['', '', ''];
        const answer = await service.ask(path, {
          method,
          ...(what === 'nobody' ? {} : { token }),
          ...(body === undefined ? {} : { body }),
        });
        answers.set(what, [...(answers.get(what) ?? []), answer.status]);
      }),
    ),
  );
  const statuses = Object.fromEntries([...answers].map(([what, all]) => [what, [...new Set(all)].sort()]));
  expect(statuses).toEqual({ get: [200], list: [200], same: [200], run: [202, 405], other: [409], nobody: [401] });
  const active = await store.db
    .selectFrom('runs')
    .select('template_key')
    .where('status', 'in', ['Queued', 'Running'])
    .execute();
  expect(new Set(active.map(({ template_key }) => template_key)).size).toBe(active.length);
  const accepted = answers.get('run')?.filter(status => status === 202).length;
  expect(await store.db.selectFrom('runs').select('id').execute()).toHaveLength(accepted ?? 0);
  // What was accepted ends, and its client gets to know.
  const unfinished = () => store.db.selectFrom('operations').select('id').where('status', '=', 'InProgress').execute();
  await expect.poll(unfinished, { timeout: 60_000 }).toEqual([]);
  console.log(`slowest health check ${Math.round(slowest)} ms, memory at most ${Math.round(await mostMiB())} MiB`);
  expect(slowest).toBeLessThan(LATEST_MS);
  expect(await mostMiB()).toBeLessThan(MOST_MIB);
  expect((await service.ask('/readyz')).status).toBe(200);
}, 180_000);
