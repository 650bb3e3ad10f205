import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../../src/home/process-lock.ts';
import { getRun, type RunRecord } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, template } from './build-fixture.ts';
import { type CliSite, cliSite } from './cli-fixture.ts';
import { type RunningService, startService } from './serve-fixture.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;

let build: BuildSite;
let site: CliSite;
let service: RunningService;
const closing: (() => PromiseLike<unknown>)[] = [];

beforeAll(async () => {
  build = await buildSite();
  closing.push(() => build[Symbol.asyncDispose]());
  // A source that never comes: its run goes on until somebody ends it.
  const server = createServer((_request, response) => void response.writeHead(200).write('QFI'));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    async () => server.closeAllConnections(),
    async () => server.close(),
  );
  const catalogue = join(build.root, 'slow.yaml');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.qcow2`;
  const image = {
    ...{ id: 'slow', title: 'Slow', names: { 'Test:slow:disk': 'V2' }, os: 'Linux', defaultUser: 'x' },
    devices: { disk: 'virtio', nic: 'virtio' },
    versions: [{ version: '1.0.0', ways: [{ url, format: 'qcow2', sha256: '0'.repeat(64), verified: false }] }],
  };
  await writeFile(catalogue, JSON.stringify({ images: [image] }));
  await writeFile(
    build.services.home.config,
    JSON.stringify({ network: { allow: ['127.0.0.0/8'] }, catalogues: [catalogue] }),
  );
  site = await cliSite(build.root);
  await restart();
  closing.push(() => service[Symbol.asyncDispose]());
  const { administrator } = service.ready;
  Object.assign(site.environment, {
    KILN_CLIENT_ID: administrator?.clientId,
    KILN_CLIENT_SECRET: administrator?.secret,
  });
  const token = await service.token(administrator?.clientId ?? '', administrator?.secret ?? '');
  for (const [path, version, body] of [
    [GROUP, '2022-09-01', { location: 'local' }],
    [IDENTITY, '2023-01-31', { location: 'local' }],
  ] as const) {
    const asking = {
      method: 'PUT',
      token,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await service.ask(`${path}?api-version=${version}`, asking);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}\n${service.stderr()}`);
  }
});
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

async function restart(): Promise<void> {
  service = await startService(site);
  Object.assign(site.environment, { KILN_SERVER: service.ready.url });
}

async function file(name: string, properties: object): Promise<string> {
  const identity = { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } };
  return site.write(`${name}.json`, { ...template(properties), name, identity });
}

const CHECKS = { distribute: [], customize: [], validate: { sourceValidationOnly: true } };

test('a template is made, listed, run and watched, and deleted', async () => {
  const created = await site.kiln('template', 'create', await file('web', CHECKS), '-g', 'images');
  expect(created).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('The template web is there.') });
  const list = await site.kiln('template', 'list');
  expect(list.stdout).toMatch(
    /^TEMPLATE +RESOURCE GROUP +LOCATION +STATE +LAST RUN\nweb +images +local +Succeeded +-$/,
  );
  expect(await site.json('template', 'list', '-g', 'images')).toMatchObject([{ name: 'web' }]);
  const shown = await site.kiln('template', 'show', 'WEB', '-g', 'Images');
  expect(JSON.parse(shown.stdout)).toMatchObject({ name: 'web', properties: { provisioningState: 'Succeeded' } });

  const ran = await site.kiln('template', 'run', 'web', '-g', 'images');
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: '' });
  expect(ran.stderr).toMatch(/Building web \(run [0-9a-f-]+\)[\s\S]*Resolving the source[\s\S]*Succeeded after/);
  const runs = (await site.json('runs', 'list')) as { id: string }[];
  expect(runs).toMatchObject([
    { templateName: 'web', status: 'Succeeded', result: { source: 'Test:small:disk:1.0.0' } },
  ]);
  const id = runs[0]?.id ?? '';
  const run = await site.kiln('runs', 'show', id.slice(0, 8));
  expect(run.stdout).toMatch(new RegExp(`^run +${id}\ntemplate +web\nstatus +Succeeded\n`));
  expect(run.stdout).toContain(`log       customization  ${service.ready.url}/kiln/v1${GROUP}`);
  expect((await site.kiln('logs', 'last')).stdout).toMatch(/Correlation id [0-9a-f-]{36}[\s\S]*==> Succeeded/);
  const events = (await site.kiln('logs', id, '--log', 'events')).stdout.split('\n').map(line => JSON.parse(line));
  expect([events[0].type, events.at(-1).type]).toEqual(['run-started', 'run-finished']);
  // The same run is in the home itself.
  delete site.environment['KILN_SERVER'];
  try {
    expect(await site.json('runs', 'list')).toMatchObject([{ id, status: 'Succeeded' }]);
  } finally {
    site.environment['KILN_SERVER'] = service.ready.url;
  }

  expect(await site.kiln('template', 'delete', 'web', '-g', 'images')).toMatchObject({ exitCode: 0 });
  expect((await site.kiln('template', 'list')).stdout).toBe('There are no templates yet.');
});

test('a run is watched while it goes on, and can be canceled meanwhile', async () => {
  const source = { type: 'PlatformImage', publisher: 'Test', offer: 'slow', sku: 'disk', version: 'latest' };
  const path = await file('slow', { ...CHECKS, source });
  expect(await site.kiln('template', 'create', path, '-g', 'images')).toMatchObject({ exitCode: 0 });
  const watching = site.kiln('template', 'run', 'slow', '-g', 'images', '--output', 'json');
  const following = (async () => {
    for (;;) {
      const logs = await site.kiln('logs', '-f', 'last');
      if (logs.stdout.includes('Canceled') || logs.stdout.includes('Failed')) return logs;
      await delay(200);
    }
  })();
  let status = '';
  while (status !== 'Running') {
    [{ status } = { status: '' }] = (await site.json('runs', 'list')) as { status: string }[];
  }
  const twice = await site.kiln('template', 'run', 'slow', '-g', 'images', '--no-wait');
  expect(twice).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^error (Conflict|OperationNotAllowed)/) });
  expect(await site.kiln('template', 'cancel', 'slow', '-g', 'images')).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout } = await watching;
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([130, { status: 'Canceled', error: { code: 'BuildCanceled' } }]);
  expect((await following).stdout).toContain('==> Canceled');
});

test('a build outlives a service that is killed, and goes back to the queue when one is stopped', async () => {
  const source = { type: 'PlatformImage', publisher: 'Test', offer: 'slow', sku: 'disk', version: 'latest' };
  await site.kiln('template', 'create', await file('lasting', { ...CHECKS, source }), '-g', 'images');
  const { stdout: id } = await site.kiln('template', 'run', 'lasting', '-g', 'images', '--no-wait');
  const record = () => getRun(build.services.store, id);
  const until = async (what: (run: RunRecord | undefined) => boolean) => {
    for (const end = Date.now() + 60_000; !what(await record()); await delay(100)) {
      if (Date.now() > end) throw new Error(JSON.stringify(await record()));
    }
    return record();
  };
  const begun = await until(run => run?.stage === 'resolve');
  expect(await service.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  expect(await record()).toMatchObject({ status: 'Running', owner: begun?.owner });
  expect(isAlive(begun?.owner ?? '')).toBe(true);

  await restart();
  await delay(2000);
  expect(await record()).toMatchObject({ status: 'Running', owner: begun?.owner });
  expect(await service.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
  expect(await record()).toMatchObject({ status: 'Queued', owner: undefined });
  expect(isAlive(begun?.owner ?? '')).toBe(false);

  await restart();
  const again = await until(run => run?.stage === 'resolve');
  expect(again?.owner).not.toBe(begun?.owner);
  expect(await site.kiln('template', 'cancel', 'lasting', '-g', 'images')).toMatchObject({ exitCode: 0 });
  await until(run => run?.status === 'Canceled');
});

test('what is wrong is said: the address, the login, the template', async () => {
  const failing = async (args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const unset = Object.keys(environment).map(name => [name, site.environment[name]] as const);
    Object.assign(site.environment, environment);
    const { exitCode, stderr } = await site.kiln(...args);
    Object.assign(site.environment, Object.fromEntries(unset));
    return [exitCode, /^error (\w+)/m.exec(stderr)?.[1]];
  };
  expect(await failing(['runs', 'list', '--server', 'http://localhost:1'])).toEqual([2, 'ServerUrlInvalid']);
  expect(await failing(['runs', 'list', '--server', 'https://localhost:1'])).toEqual([1, 'ServerUnreachable']);
  expect(await failing(['runs', 'list'], { KILN_CLIENT_SECRET: 'x' })).toEqual([2, 'ServerLoginFailed']);
  expect(await failing(['runs', 'list'], { KILN_CLIENT_ID: '' })).toEqual([2, 'ServerCredentialsMissing']);
  expect(await failing(['runs', 'list'], { KILN_CA_FILE: '/nonesuch' })).toEqual([2, 'ServerFileUnreadable']);
  expect(await failing(['runs', 'show', 'nonesuch'])).toEqual([2, 'RunNotFound']);
  expect(await failing(['template', 'run', 'nonesuch', '-g', 'images'])).toEqual([2, 'ResourceNotFound']);
  const deployment = await site.write('deployment.json', { resources: [template(CHECKS)] });
  expect(await failing(['template', 'create', deployment, '-g', 'images'])).toEqual([2, 'DeploymentForServer']);
  const bad = await file('bad', { source: { type: 'Nothing' } });
  expect(await failing(['template', 'create', bad, '-g', 'images'])).toEqual([2, 'ValidationFailed']);
  expect(join(site.root, 'home')).toBe(site.home.root);
});
