import { readFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliSite, cliSite } from './cli-fixture.ts';
import { type RunningService, startService } from './serve-fixture.ts';

let site: CliSite;
let service: RunningService;
let token: string;
beforeAll(async () => {
  site = await cliSite();
  service = await startService(site);
  token = await service.token(service.ready.administrator?.clientId ?? '', service.ready.administrator?.secret ?? '');
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

async function socketTo(): Promise<TLSSocket> {
  const ca = await readFile(service.ready.authority ?? '');
  const socket = connect({ port: service.ready.port, host: 'localhost', ca });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

/** Everything that the service says until it closes the connection. */
function untilClosed(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', part => {
    text += part;
  });
  socket.on('error', () => undefined);
  return new Promise(resolve => socket.once('close', () => resolve(text)));
}

test.each([
  ['of 10 MB', Buffer.alloc(10_000_000), {}],
  ['of unstated size', Buffer.alloc(10_000_000), { 'transfer-encoding': 'chunked' }],
])('a body %s is refused with an answer that a client gets to read', async (_what, body, headers) => {
  const answer = await service.ask('/subscriptions/x', { method: 'PUT', token, body, headers });
  expect(answer.status).toBe(413);
  expect(answer.json()).toMatchObject({ error: { code: 'RequestContentTooLarge' } });
  expect(answer.headers['x-ms-request-id']).toBeDefined();
  // Without a token nobody's body is read at all.
  expect((await service.ask('/subscriptions/x', { method: 'PUT', body, headers })).status).toBe(401);
});

test.each([
  ['that is badly encoded', '/%zz'],
  ['with a lone percent sign', '/subscriptions/%'],
  ['with slashes in disguise', '/..%2f..%2fetc/passwd'],
  ['that leads back', '/healthz/../../metrics'],
  ['of 8000 characters', `/${'a'.repeat(8000)}`],
  ['of 4000 segments', `/${'a/'.repeat(4000)}`],
  ['with a zero byte', '/%00'],
])('a path %s is refused with an error body', async (_what, path) => {
  const answer = await service.ask(path, { token });
  expect([400, 404, 414]).toContain(answer.status);
  expect(answer.json()).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
  expect(answer.headers['x-ms-request-id']).toMatch(/^[0-9A-F-]{36}$/);
});

test.each([
  ['no HTTP', 'HELO there\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  ['length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\n${`a: ${'b'.repeat(1000)}\r\n`.repeat(40)}`, 431],
])('%s is answered with an error body, and the connection is closed', async (_what, text, status) => {
  const socket = await socketTo();
  const said = untilClosed(socket);
  socket.write(text);
  const [head = '', body = ''] = (await said).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'InvalidRequest' } });
});

test('clients that are slow to say what they want are cut off, and hold up nobody', async () => {
  const begin = Date.now();
  const head = await socketTo();
  const body = await socketTo();
  const ends = [untilClosed(head), untilClosed(body)] as const;
  head.write('GET /healthz HTTP/1.1\r\n');
  body.write(`POST /adfs/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n`);
  const drip = setInterval(() => {
    head.write('x: y\r\n');
    body.write('x: y\r\n');
  }, 1000);
  for (let i = 0; i < 20; i++) expect((await service.ask('/healthz')).status).toBe(200);
  for (const said of await Promise.all(ends)) expect(said).toMatch(/^HTTP\/1.1 408 /);
  clearInterval(drip);
  expect(Date.now() - begin).toBeLessThan(30_000);
}, 60_000);

test('a thousand requests at once are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => service.ask(`/nonesuch/${i}`, i % 2 === 0 ? { token } : {})),
  );
  const statuses = Map.groupBy(answers, ({ status }) => status);
  expect([statuses.get(404)?.length, statuses.get(401)?.length]).toEqual([500, 500]);
  expect(new Set(answers.map(({ headers }) => headers['x-ms-request-id'])).size).toBe(1000);
  expect((await service.ask('/readyz')).status).toBe(200);
}, 60_000);

test('a burst of guesses is slowed down and does not shut out health checks', async () => {
  const clientId = service.ready.administrator?.clientId ?? '';
  const guess = () =>
    service.askToken({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: 'x',
      scope: `${service.ready.url}/.default`,
    });
  const guesses = Array.from({ length: 40 }, guess);
  expect((await service.ask('/healthz')).status).toBe(200);
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.filter(status => status === 401)).toHaveLength(8);
  expect(statuses.filter(status => status === 429)).toHaveLength(32);
}, 60_000);
