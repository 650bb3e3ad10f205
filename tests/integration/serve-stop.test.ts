import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CliSite, cliSite, KILN } from './cli-fixture.ts';
import { credentials, type RunningService, startService } from './serve-fixture.ts';

let site: CliSite;
const services: RunningService[] = [];
beforeEach(async () => {
  site = await cliSite();
});
afterEach(async () => {
  for (const service of services.splice(0)) await service[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

async function start(...args: readonly string[]): Promise<RunningService> {
  const service = await startService(site, ...args);
  services.push(service);
  return service;
}

function administratorOf({ ready }: RunningService) {
  if (ready.administrator === undefined) throw new Error('there is no administrator');
  return ready.administrator;
}

test('SIGTERM lets requests end and takes no more; the next start has the same keys, tenant and administrator', async () => {
  const first = await start();
  const { clientId, secret } = administratorOf(first);
  const token = await first.token(clientId, secret);
  const wrong = credentials(first.ready.url, clientId, 'guess');
  // After some wrong ones, an answer takes a while.
  for (let i = 0; i < 5; i++) await first.askToken(wrong);
  const slow = first.askToken(wrong);
  await new Promise(resolve => setTimeout(resolve, 100));
  const stopped = first.stop();
  expect((await slow).status).toBe(401);
  expect(await stopped).toMatchObject({ exitCode: 0 });

  const port = String(first.ready.port);
  const second = await start('--port', port);
  expect(second.ready).toMatchObject({ url: first.ready.url, tenantId: first.ready.tenantId });
  expect(second.ready.administrator).toBeUndefined();
  expect((await second.ask('/nonesuch', { token })).status).toBe(404);
  await second.token(clientId, secret);
  expect(await second.stop('SIGINT')).toMatchObject({ exitCode: 0 });
});

test('a connection that is left open does not keep the service from stopping', async () => {
  const service = await start();
  const { port, authority } = service.ready;
  const socket = connect({ port, host: 'localhost', ca: await readFile(authority ?? '') });
  socket.on('error', () => undefined);
  await new Promise(resolve => socket.once('secureConnect', resolve));
  // A request whose body does not come; a running service waits a minute for it.
  socket.write('POST /adfs/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  const begin = Date.now();
  expect(await service.stop()).toMatchObject({ exitCode: 0 });
  expect(Date.now() - begin).toBeLessThan(40_000);
  socket.destroy();
});

test('after kill -9 the next start has nothing to mend', async () => {
  const first = await start();
  await first.stop('SIGKILL');
  const second = await start();
  expect((await second.ask('/readyz')).status).toBe(200);
});

test('of two that start at once on a fresh home one serves and the other is refused', async () => {
  const both = await Promise.allSettled([start(), start()]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(String(both.find(({ status }) => status === 'rejected')?.['reason' as never])).toContain(
    'ServiceAlreadyRunning',
  );
});

test('a port that is taken is named, and the secret of the administrator is not lost by it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => taken.once('listening', resolve));
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const failed = await site.kiln('serve', '--port', String(address.port));
  expect(failed).toMatchObject({ exitCode: 3, stdout: '' });
  expect(failed.stderr).toContain(`error ServiceCannotListen: The service cannot listen on 127.0.0.1:${address.port}`);
  taken.close();
  administratorOf(await start());
});

test('settings come from the file, the environment and the command line; names go into the certificate', async () => {
  await site.write(
    'home/config.yaml',
    'service:\n  publicUrl: https://kiln.example:9443\n  tls: { names: [other.example] }\n',
  );
  const service = await start('--log-level', 'silent');
  expect(service.ready.url).toBe('https://kiln.example:9443');
  const { port, authority } = service.ready;
  for (const servername of ['kiln.example', 'other.example', 'localhost']) {
    const socket = connect({ port, host: '127.0.0.1', servername, ca: await readFile(authority ?? '') });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    expect(socket.authorized).toBe(true);
    socket.destroy();
  }
  expect(service.log()).toEqual([]);
  await service.stop();
  expect((await site.kiln('serve', '--port', 'x')).stderr).toContain(
    'error ServiceSettingInvalid: The option --port is not valid',
  );
});

test('before the first start there is nothing to connect to; the first start prints all that a client needs, the next no secret', async () => {
  expect((await site.kiln('connect', 'az')).stderr).toContain('error ServiceNeverStarted: ');
  expect((await site.kiln('principal', 'list')).stdout).toContain('There are no principals yet.');
  const options = { env: site.environment, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const printedAtStart = async () => {
    const child = execa(KILN, ['serve', '--port', '0'], options);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (/^Listening on/m.test(text)) child.kill('SIGTERM');
    });
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(0);
    return stdout;
  };
  const printed = await printedAtStart();
  const [, clientId, secret] = /client id {2}(\S+)\n {2}secret {5}(\S{40})\n/.exec(printed) ?? [];
  expect(printed).toContain(`az login --service-principal -u ${clientId} -p ${secret} --tenant `);
  expect(printed).toContain(`AZURE_CLIENT_SECRET=${secret}`);
  expect(await printedAtStart()).toBe('');
});
