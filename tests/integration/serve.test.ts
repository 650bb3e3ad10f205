import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceDirectory } from '../../src/home/service-directory.ts';
import { type CliSite, cliSite } from './cli-fixture.ts';
import { credentials, type RunningService, startService } from './serve-fixture.ts';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let site: CliSite;
let service: RunningService;
let administrator: { clientId: string; secret: string; objectId: string };
beforeAll(async () => {
  site = await cliSite();
  service = await startService(site);
  if (service.ready.administrator === undefined) throw new Error('there is no administrator');
  administrator = service.ready.administrator;
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const administratorToken = () => service.token(administrator.clientId, administrator.secret);
const form = (change: Readonly<Record<string, string>> = {}) => ({
  ...credentials(service.ready.url, administrator.clientId, administrator.secret),
  ...change,
});

test('a fresh home gets its state, and the service listens with a certificate that its authority vouches for', async () => {
  const { url, port, pid, tenantId, authority } = service.ready;
  expect(url).toBe(`https://localhost:${port}`);
  expect(authority).toBe(serviceDirectory(site.home.service).authority);
  expect(tenantId).toMatch(GUID);
  expect(process.kill(pid, 0)).toBe(true);
  await expect.poll(() => service.stderr()).toContain(`Listening on ${url}`);
  expect((await service.ask('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await service.ask('/readyz')).json()).toEqual({ status: 'ready', checks: { database: 'ok', disk: 'ok' } });
  await expect(fetch(`${url}/healthz`)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/CERT|VERIFY/) },
  });
});

describe('what clients ask before they log in', () => {
  test.each(['/metadata/endpoints?api-version=2015-01-01', '//METADATA//endpoints/?api-version=2015-01-01'])(
    '%s says where tokens are',
    async path => {
      const { url } = service.ready;
      expect((await service.ask(path)).json()).toMatchObject({
        galleryEndpoint: url,
        graphEndpoint: `${url}/graph/`,
        authentication: { loginEndpoint: `${url}/adfs`, audiences: [url] },
      });
    },
  );

  test('the later metadata is a list of one cloud, whatever host a request names', async () => {
    const { url } = service.ready;
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const answer = await service.ask('/metadata/endpoints?api-version=2022-09-01', { headers });
    expect(JSON.parse(answer.text)).toMatchObject([
      {
        name: 'Kiln',
        resourceManager: url,
        authentication: { loginEndpoint: `${url}/adfs` },
        suffixes: { storage: 'localhost' },
      },
    ]);
    expect(answer.text).not.toContain('evil');
  });

  test('a token can be verified with what the OpenID configuration leads to', async () => {
    const configuration = (await service.ask('/adfs/.well-known/openid-configuration')).json();
    const { issuer, token_endpoint: endpoint, jwks_uri: keys } = configuration;
    expect(endpoint).toBe(`${service.ready.url}/adfs/oauth2/token`);
    const dispatcher = new Agent({ connect: { ca: await readFile(service.ready.authority ?? '') } });
    const keySet = createRemoteJWKSet(new URL(String(keys)), {
      [customFetch]: (address, { method, headers }) =>
        fetch(address, { method, headers: [...headers], dispatcher }) as never,
    });
    const { payload } = await jwtVerify(await administratorToken(), keySet, {
      issuer: String(issuer),
      audience: service.ready.url,
    });
    expect(payload).toMatchObject({ oid: administrator.objectId, tid: service.ready.tenantId, idtyp: 'app' });
    await dispatcher.close();
  });
});

describe('the token endpoint', () => {
  test('answers as clients of Azure expect, in either of the forms that they send', async () => {
    const answer = await service.askToken(form());
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    const { client_id: id, client_secret: secret, ...rest } = form();
    const basic = await service.ask('//ADFS/oauth2//Token', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      },
      body: new URLSearchParams(rest).toString(),
    });
    expect(basic.json()).toMatchObject({ token_type: 'Bearer' });
  });

  test.each([
    ['', ''],
    ['/', ''],
    ['/graph/', '/graph'],
  ])('the scope <url>%s/.default is for <url>%s', async (asked, audience) => {
    const { url } = service.ready;
    const answer = (await service.askToken(form({ scope: `${url.toUpperCase()}${asked}/.default` }))).json();
    expect(decodeJwt(String(answer['access_token'])).aud).toBe(`${url}${audience}`);
  });

  test.each<[string, Record<string, string>, number, string, RegExp]>([
    [
      'a wrong secret',
      { client_secret: 'guess' },
      401,
      'invalid_client',
      /^AADSTS7000215: Invalid client secret provided\./,
    ],
    [
      'no secret',
      { client_secret: '' },
      401,
      'invalid_client',
      /^AADSTS7000216: 'client_assertion' or 'client_secret' is required/,
    ],
    [
      'a stranger',
      { client_id: 'x' },
      400,
      'unauthorized_client',
      /^AADSTS700016: Application with identifier 'x' was not found/,
    ],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', /^AADSTS70003: /],
    [
      'no default scope',
      { scope: 'user.read' },
      400,
      'invalid_scope',
      /^AADSTS1002012: The provided value for scope user.read/,
    ],
    [
      'an unknown resource',
      { scope: 'https://a.b/.default' },
      400,
      'invalid_resource',
      /^AADSTS500011: .* https:\/\/a\.b /,
    ],
    ['an assertion of no type', { client_assertion: 'x' }, 400, 'invalid_request', /^AADSTS50027: /],
  ])('refuses %s in the words of Azure', async (_what, change, status, error, description) => {
    const answer = await service.askToken(form(change));
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error, error_description: expect.stringMatching(description) });
    expect(answer.text).not.toContain(administrator.secret);
    expect(answer.json()['trace_id']).toBe(answer.headers['x-ms-request-id']);
  });

  test('refuses what is no form', async () => {
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"grant_type":"client_credentials"}',
    };
    expect((await service.ask('/adfs/oauth2/token', json)).json()).toMatchObject({ error: 'invalid_request' });
    const twice = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'scope=a&scope=b',
    };
    expect((await service.ask('/adfs/oauth2/token', twice)).json()).toMatchObject({ error: 'invalid_request' });
    const { status } = await service.ask('/adfs/oauth2/token', { ...twice, body: `a=${'b'.repeat(100_000)}` });
    expect(status).toBe(413);
  });
});

describe('without a token', () => {
  test.each([
    '/subscriptions',
    '/metrics',
    '/',
    '/nonesuch',
    '/adfs/oauth2/authorize',
    '/healthz/../metrics',
    '/kiln/v1/runs',
  ])('%s is closed', async path => {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS']) {
      const { status, headers, json } = await service.ask(path, { method });
      expect([path, method, status]).toEqual([path, method, 401]);
      expect(headers['www-authenticate']).toBe(`Bearer authorization_uri="${service.ready.url}/adfs"`);
      expect(json()).toMatchObject({
        error: {
          code: 'AuthenticationFailed',
          message: expect.stringContaining("Authentication failed. The 'Authorization' header is missing."),
        },
      });
    }
  });

  test('and with one that is not for this service, it is closed too', async () => {
    const { access_token: graph } = (
      await service.askToken(form({ scope: `${service.ready.url}/graph/.default` }))
    ).json();
    const good = await administratorToken();
    const cases: readonly (readonly [string, string])[] = [
      [`Bearer ${graph}`, 'InvalidAuthenticationTokenAudience'],
      [`Bearer ${good.slice(0, -4)}AAAA`, 'InvalidAuthenticationToken'],
      ['Bearer abc', 'InvalidAuthenticationToken'],
      ['Bearer', 'AuthenticationFailedInvalidHeader'],
      [`Basic ${Buffer.from('a:b').toString('base64')}`, 'AuthenticationFailedInvalidHeader'],
    ];
    for (const [authorization, code] of cases) {
      const { status, headers, json } = await service.ask('/subscriptions', { headers: { authorization } });
      expect([code, status]).toEqual([code, 401]);
      expect(json()).toMatchObject({ error: { code } });
      expect(headers['www-authenticate']).toContain('error="invalid_token"');
    }
  });
});

test('every answer has its ids, the log has them too, and neither has a secret', async () => {
  const token = await administratorToken();
  const correlation = '0B7C0A3E-8B1F-4A52-9F6B-0123456789AB';
  const given = {
    'x-ms-correlation-request-id': correlation,
    'x-ms-client-request-id': 'mine',
    'x-ms-return-client-request-id': 'true',
  };
  const answer = await service.ask('/nonesuch?sig=signature', { token, headers: given });
  expect(answer.status).toBe(404);
  expect(answer.json()).toMatchObject({
    error: { code: expect.any(String), message: expect.stringContaining('/nonesuch') },
  });
  expect(answer.headers).toMatchObject({
    'x-ms-correlation-request-id': correlation,
    'x-ms-client-request-id': 'mine',
  });
  const id = String(answer.headers['x-ms-request-id']);
  expect(id).toMatch(/^[0-9A-F-]{36}$/);
  await expect
    .poll(() => service.log().find(line => line['requestId'] === id))
    .toMatchObject({
      ...{
        correlationId: correlation,
        method: 'GET',
        path: '/nonesuch',
        status: 404,
        principal: administrator.objectId,
      },
    });
  for (const secret of ['signature', token, administrator.secret]) expect(service.stderr()).not.toContain(secret);
  const other = await service.ask('/healthz', { headers: { 'x-ms-correlation-request-id': 'not a guid' } });
  expect(other.headers['x-ms-correlation-request-id']).toMatch(GUID);
});

test('metrics count requests by class and status', async () => {
  const token = await administratorToken();
  await service.ask('/healthz');
  const { text, headers } = await service.ask('/metrics', { token });
  expect(headers['content-type']).toContain('text/plain');
  expect(text).toMatch(/^kiln_http_requests_total\{route="health",method="GET",status="200"\} [1-9]/m);
  expect(text).toMatch(/^kiln_http_request_duration_seconds_count\{route="token",method="POST"\} [1-9]/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
});

describe('the command line beside the service', () => {
  test('a principal is made, has further secrets, and is disabled while the service runs', async () => {
    const made = (await site.json('principal', 'create', 'pipeline', '--expires-after', '30')) as {
      clientId: string;
      secret: string;
    };
    const token = await service.token(made.clientId, made.secret);
    expect((await service.ask('/nonesuch', { token })).status).toBe(404);
    const more = (await site.json('principal', 'secret', 'pipeline', '--revoke-others')) as { secret: string };
    expect((await service.askToken(form({ client_id: made.clientId, client_secret: made.secret }))).status).toBe(401);
    await service.token(made.clientId, more.secret);
    const listed = await site.kiln('principal', 'list');
    expect(listed.stdout).toContain(`${more.secret.slice(0, 3)}...`);
    expect(listed.stdout).not.toContain(more.secret);

    expect((await site.kiln('principal', 'disable', made.clientId)).exitCode).toBe(0);
    await expect.poll(async () => (await service.ask('/nonesuch', { token })).status, { timeout: 10_000 }).toBe(401);
    const refused = await service.askToken(form({ client_id: made.clientId, client_secret: more.secret }));
    expect(refused.json()).toMatchObject({ error: 'unauthorized_client', error_codes: [7000112] });
    expect((await site.kiln('principal', 'enable', 'pipeline')).exitCode).toBe(0);
    await service.token(made.clientId, more.secret);
    expect((await site.kiln('principal', 'disable', 'nobody')).stderr).toContain('error PrincipalNotFound: ');
  });

  test('a principal logs in with the key of a certificate', async () => {
    const { url } = service.ready;
    const made = (await site.json('principal', 'create', 'signer')) as { clientId: string };
    const file = join(site.root, 'signer.pem');
    await execa('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=signer',
      '-keyout',
      file,
      '-out',
      `${file}.crt`,
    ]);
    const added = await site.kiln('principal', 'certificate', 'signer', `${file}.crt`);
    expect(added.stderr).toContain('signer can log in with ');
    const { raw } = new X509Certificate(await readFile(`${file}.crt`));
    const assertion = await new SignJWT({ jti: 'one' })
      .setProtectedHeader({ alg: 'RS256', x5t: createHash('sha1').update(raw).digest('base64url') })
      .setIssuer(made.clientId)
      .setSubject(made.clientId)
      .setAudience(`${url}/adfs/oauth2/token`)
      .setExpirationTime('10 minutes')
      .sign(createPrivateKey(await readFile(file)));
    const { client_secret: _secret, ...rest } = form({ client_id: made.clientId });
    const type = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
    const answer = await service.askToken({ ...rest, ...type, client_assertion: assertion });
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', resource: url });
    const wrong = await service.askToken({ ...rest, ...type, client_assertion: `${assertion}A` });
    expect([wrong.status, wrong.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_client', error_codes: [700027] }),
    ]);
  });

  test('connect prints lines that a shell takes, and writes what they need', async () => {
    const { url, tenantId } = service.ready;
    const directory = join(site.root, "it's here");
    const { stdout, stderr, exitCode } = await site.kiln('connect', 'az', '--write', directory);
    expect([exitCode, stdout.includes(administrator.secret)]).toEqual([0, false]);
    expect(stderr).toContain('kiln principal secret');
    expect(stdout).toContain(`--tenant ${tenantId}`);
    expect(await readFile(join(directory, 'ca.pem'))).toEqual(await readFile(service.ready.authority ?? ''));
    expect(JSON.parse(await readFile(join(directory, 'cloud.json'), 'utf8'))).toMatchObject({
      endpoints: { resourceManager: url, activeDirectory: `${url}/adfs`, microsoftGraphResourceId: `${url}/graph/` },
    });
    // In place of az, something that shows what it was called with.
    const shell = `az() { for word; do printf '%s\\n' "$word"; done; }; set -e; . ./connect.sh; printf '%s\\n' "$REQUESTS_CA_BUNDLE"`;
    const { stdout: words } = await execa('sh', ['-c', shell], { cwd: directory });
    expect(words.split('\n')).toEqual(
      expect.arrayContaining([`@${join(directory, 'cloud.json')}`, join(directory, 'ca.pem')]),
    );
    const inline = (await site.kiln('connect', 'az')).stdout;
    const { stdout: given } = await execa('sh', [
      '-c',
      `az() { [ "$2" = register ] && printf '%s' "$6"; true; }; ${inline}`,
    ]);
    expect(JSON.parse(given)).toMatchObject({ endpoints: { gallery: url } });
    const sdk = (await site.kiln('connect', 'sdk')).stdout;
    expect(sdk).toContain(`NODE_EXTRA_CA_CERTS=${service.ready.authority}`);
    expect(sdk).toContain(`endpoint: '${url}'`);
  });

  test('a second service on the same home is refused and says who is there', async () => {
    const { exitCode, stderr, stdout } = await site.kiln('serve', '--port', '0', '--output', 'json');
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      `error ServiceAlreadyRunning: Process ${service.ready.pid} already serves ${site.home.root} at ${service.ready.url}.`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ServiceAlreadyRunning' } });
  });
});

test('secrets in the home are for its owner only', async () => {
  const files = serviceDirectory(site.home.service);
  for (const file of [files.authorityKey, files.certificateKey, files.lock]) {
    expect([file, (await stat(file)).mode & 0o077]).toEqual([file, 0]);
  }
});
