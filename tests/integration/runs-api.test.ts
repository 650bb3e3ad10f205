import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorBody } from '../../src/arm/error-body.ts';
import { userError } from '../../src/build/user-error.ts';
import { identityError } from '../../src/errors/identity.ts';
import type { HostQueue } from '../../src/jobs/host-queue.ts';
import { acceptedRun, SUBSCRIPTION } from '../../src/jobs/run.fixture.ts';
import { runDocument, runList } from '../../src/server/runs/run-documents.ts';
import { runsRoutes } from '../../src/server/runs-routes.ts';
import { claimRun } from '../../src/store/run-queue.ts';
import { finishRun, noteStage, recordRunOutput, startRun } from '../../src/store/runs.ts';
import { type QueueSite, queueSite } from './queue-fixture.ts';

const TEMPLATES = `/kiln/v1/subscriptions/${SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.VirtualMachineImages/imageTemplates`;
const HEADERS = { authorization: 'Bearer good' };

let on: QueueSite;
let queue: HostQueue;
let app: FastifyInstance;
let base: string;
beforeEach(async () => {
  on = await queueSite();
  queue = on.queue({ fake: true });
  const { store, home } = on.site.services;
  app = Fastify({ forceCloseConnections: true, routerOptions: { caseSensitive: false } });
  app.setErrorHandler((thrown, _request, reply) => {
    const error = userError(thrown, home.root);
    return reply.code(error.status).send(errorBody(error));
  });
  // As the service's server does for all its routes.
  app.addHook('onRequest', async ({ headers }) => {
    if (headers.authorization !== HEADERS.authorization) throw identityError('AuthenticationFailed', {});
  });
  const timing = { pollMs: 20, heartbeatMs: 60 };
  await app.register(scope => runsRoutes(scope, { store, home, builds: queue, url: () => base, ...timing }));
  base = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await app.close();
  await on[Symbol.asyncDispose]();
});

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(path.startsWith('http') ? path : base + path, { headers: { ...HEADERS, ...headers } });
}

/** A run that a process works on, without one. */
async function runningRun(name: string): Promise<string> {
  const { store, home } = on.site.services;
  const id = await on.accept(queue, acceptedRun(name));
  await claimRun(store, id, '1-1@00000000');
  await startRun(store, { id, templateName: name, startedAt: new Date().toISOString(), owner: '1-1@00000000' });
  await mkdir(join(home.runs, id), { recursive: true });
  return id;
}

let seq = 0;
async function event(id: string, body: object): Promise<void> {
  seq += 1;
  const line = JSON.stringify({ v: 1, seq, time: new Date().toISOString(), runId: id, ...body });
  await appendFile(join(on.site.services.home.runs, id, 'events.jsonl'), `${line}\n`);
}

const step = { phase: 'customize', index: 1, total: 2, type: 'Shell', name: 'one' };
const other = { ...step, index: 2, name: 'two' };

test('lists runs by template and subscription, in pages, and shows one with its steps, outputs and error', async () => {
  const { store } = on.site.services;
  const id = await runningRun('web');
  const waiting = await on.accept(queue, acceptedRun('web'));
  const last = await on.accept(queue, acceptedRun('db', { group: 'others' }));
  const all = `${base}/kiln/v1/subscriptions/${SUBSCRIPTION.toUpperCase()}/runs`;
  const first = runList.parse(await (await get(`${all}?$top=2`)).json());
  expect(first.value.map(run => [run.id, run.status, run.queuePosition])).toEqual([
    [last, 'Queued', 1],
    [waiting, 'Queued', 0],
  ]);
  const second = runList.parse(await (await get(first.nextLink ?? '')).json());
  expect(second.value.map(run => [run.id, run.status])).toEqual([[id, 'Running']]);
  expect(second.nextLink).toBeUndefined();
  const own = runList.parse(await (await get(`${TEMPLATES.toUpperCase()}/web/runs`)).json());
  expect(own.value.map(run => run.id)).toEqual([waiting, id]);

  await event(id, { type: 'run-started', template: 'web', steps: [step, other] });
  await event(id, { type: 'stage-started', stage: 'resolve' });
  await event(id, { type: 'stage-finished', stage: 'resolve', seconds: 1.5 });
  await event(id, { type: 'stage-started', stage: 'customize' });
  await event(id, { type: 'step-started', step });
  const path = `${TEMPLATES}/web/runs/${id}`;
  const before = runDocument.parse(await (await get(path)).json());
  expect(before.stages).toMatchObject([
    { name: 'resolve', seconds: 1.5 },
    { name: 'customize', seconds: null },
  ]);
  expect(before.steps).toMatchObject([
    { name: 'one', ok: null },
    { name: 'two', startedAt: null },
  ]);

  await event(id, { type: 'step-finished', step, seconds: 2, exitCode: 7, ok: false });
  await noteStage(store, id, 'customize', '1-1@00000000');
  await store.write(trx =>
    recordRunOutput(trx, {
      ...{ runId: id, name: 'disk', type: 'VHD', path: '/secret/place', digest: 'kdt1:x', sizeBytes: 5 },
      artifactUri: 'https://staging1.blob.core.windows.net/vhds/d.vhd',
    }),
  );
  const error = { code: 'StepFailed', message: 'No.', output: ['line 1'], log: '/secret/log' };
  const result = { seconds: 9, source: 'A:b:c:1', sourceDigest: 'kdt1:y', error };
  await finishRun(store, id, { status: 'Failed', endedAt: new Date().toISOString(), result });
  const text = await (await get(path)).text();
  expect(text).not.toContain('secret');
  expect(runDocument.parse(JSON.parse(text))).toMatchObject({
    ...{ id, status: 'Failed', stage: 'customize', seconds: 9, attempts: 1, templateName: 'web', source: 'A:b:c:1' },
    steps: [{ name: 'one', seconds: 2, exitCode: 7, ok: false }, { name: 'two' }],
    outputs: [{ name: 'disk', artifactUri: `${base}/blobs/staging1/vhds/d.vhd` }],
    error: { code: 'StepFailed', output: ['line 1'] },
  });
});

test('shows what it lists of a template that was deleted, and none of it to the next of its name', async () => {
  const { store } = on.site.services;
  const id = await runningRun('web');
  await event(id, { type: 'run-started', template: 'web', steps: [] });
  const result = { seconds: 1, source: null, sourceDigest: null, error: null };
  await finishRun(store, id, { status: 'Succeeded', endedAt: new Date().toISOString(), result });
  const key = acceptedRun('web').templateKey;
  await store.write(trx =>
    trx
      .updateTable('runs')
      .set({ template_key: `${key}#operation` })
      .where('id', '=', id)
      .execute(),
  );
  const next = await on.accept(queue, acceptedRun('web'));
  const listed = async (path: string) =>
    runList.parse(await (await get(path)).json()).value.map(run => `/kiln/v1${run.templateId}/runs/${run.id}`);
  const [newer = '', older = ''] = await listed(`/kiln/v1/subscriptions/${SUBSCRIPTION}/runs`);
  expect([newer.endsWith(next), older.endsWith(id)]).toEqual([true, true]);
  expect(await listed(`${TEMPLATES}/web/runs`)).toEqual([newer]);
  expect(runDocument.parse(await (await get(older)).json())).toMatchObject({ id, status: 'Succeeded' });
  expect((await get(`${older}/logs/customization`)).status).toBe(200);
  expect(await (await get(`${older}/events`)).text()).toContain('run-started');
  expect((await fetch(`${base}${older}/cancel`, { method: 'POST', headers: HEADERS })).status).toBe(409);
  expect((await get(`${TEMPLATES}/other/runs/${id}`)).status).toBe(404);
  expect((await get(`${TEMPLATES}/web%23operation/runs/${id}`)).status).toBe(404);
});

test('refuses who has no token, and what there is not', async () => {
  const id = await on.accept(queue, acceptedRun('web'));
  const of = async (path: string) => {
    const answer = await get(path);
    const { error } = (await answer.json()) as { error: { code: string } };
    return [answer.status, error.code];
  };
  expect((await fetch(`${base}${TEMPLATES}/web/runs`)).status).toBe(401);
  expect((await fetch(`${base}/kiln/v1/openapi.json`)).status).toBe(401);
  expect(await of(`${TEMPLATES}/nonesuch/runs`)).toEqual([404, 'ResourceNotFound']);
  expect(await of(`${TEMPLATES}/web/runs/${crypto.randomUUID()}`)).toEqual([404, 'RunNotFound']);
  expect(await of(`${TEMPLATES}/other/runs/${id}`)).toEqual([404, 'RunNotFound']);
  expect(await of(`${TEMPLATES}/web/runs/${id}/logs/secrets`)).toEqual([404, 'NotFound']);
  expect(await of(`${TEMPLATES}/web/runs?$skipToken=xyz`)).toEqual([400, 'InvalidSkipToken']);
  expect(await of(`${TEMPLATES}/web/runs?$top=0`)).toEqual([400, 'InvalidParameter']);
});

test('cancels a run once', async () => {
  const id = await on.accept(queue, acceptedRun('web'));
  const cancel = () => fetch(`${base}${TEMPLATES}/web/runs/${id}/cancel`, { method: 'POST', headers: HEADERS });
  const first = await cancel();
  expect(first.status).toBe(202);
  expect(runDocument.parse(await first.json())).toMatchObject({ status: 'Canceled', error: { code: 'BuildCanceled' } });
  const second = await cancel();
  expect([second.status, await second.json()]).toMatchObject([409, { error: { code: 'OperationNotAllowed' } }]);
});

test('streams events as they happen, goes on where a client stopped, and ends with the run', async () => {
  const { store } = on.site.services;
  const id = await runningRun('web');
  const path = `${TEMPLATES}/web/runs/${id}/events`;
  const stream = await get(path);
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const until = async (what: RegExp) => {
    while (!what.test(seen)) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error(`ended: ${seen}`);
      seen += value;
    }
  };
  await until(/^: .*\n\n: /);
  await event(id, { type: 'run-started', template: 'web', steps: [] });
  await event(id, { type: 'log', level: 'info', message: 'ü'.repeat(100_000) });
  await until(/id: \d+\ndata: \{.*"run-started".*\}\n\nid: \d+\ndata: .*ü"\}\n\n/);
  // A line that is not whole yet is none.
  const events = join(on.site.services.home.runs, id, 'events.jsonl');
  await appendFile(events, '{"half":');
  await delay(100);
  expect(seen).not.toContain('half');
  await appendFile(events, 'true}\n');
  await until(/data: \{"half":true\}\n\n/);
  const ids = [...seen.matchAll(/^id: (\d+)$/gm)].map(match => match[1] ?? '');
  await reader?.cancel();

  const resumed = get(path, { 'last-event-id': ids[1] ?? '' });
  await event(id, { type: 'run-finished', status: 'Succeeded', seconds: 1 });
  await finishRun(store, id, { status: 'Succeeded', endedAt: new Date().toISOString(), result: {} });
  const rest = await (await resumed).text();
  expect([...rest.matchAll(/^data: (.*)$/gm)].map(match => JSON.parse(match[1] ?? ''))).toMatchObject([
    { half: true },
    { type: 'run-finished' },
    { status: 'Succeeded' },
  ]);
  expect(rest).toMatch(/event: end\ndata: .*\n\n$/);
  const [end = ''] = [...rest.matchAll(/^id: (\d+)$/gm)].map(match => match[1] ?? '').slice(-1);
  expect((await get(path, { 'last-event-id': end })).status).toBe(204);
  for (const wrong of ['5', 'x', '99999999']) expect((await get(path, { 'last-event-id': wrong })).status).toBe(400);

  const lines = await (await get(path, { accept: 'application/json' })).text();
  expect(
    lines
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
  ).toHaveLength(4);
});

test('a reader that is slow or gone holds little in memory, and a service that stops holds no stream open', async () => {
  const id = await runningRun('web');
  const events = join(on.site.services.home.runs, id, 'events.jsonl');
  const line = `${JSON.stringify({ v: 1, seq: 1, type: 'step-output', line: 'x'.repeat(2000) })}\n`;
  await writeFile(events, line.repeat(40_000));
  const before = process.memoryUsage().arrayBuffers;
  const slow = await get(`${TEMPLATES}/web/runs/${id}/events`);
  await slow.body?.getReader().read();
  await delay(500);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
  const began = Date.now();
  await app.close();
  expect(Date.now() - began).toBeLessThan(2000);
});

test('sends a log whole, in parts, and as it grows', async () => {
  const id = await runningRun('web');
  const path = `${TEMPLATES}/web/runs/${id}/logs/customization`;
  const log = join(on.site.services.home.runs, id, 'customization.log');
  const empty = await get(path);
  expect([empty.status, await empty.text(), empty.headers.get('kiln-run-status')]).toEqual([200, '', 'Running']);
  await writeFile(log, '0123456789');
  expect(await (await get(path)).text()).toBe('0123456789');
  for (const [range, status, text, where] of [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=7-99', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=1-2,4-5', 200, '0123456789', null],
  ] as const) {
    const answer = await get(path, { range });
    expect([range, answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      range,
      status,
      text,
      where,
    ]);
  }
  await appendFile(log, 'abc');
  expect(await (await get(path, { range: 'bytes=10-' })).text()).toBe('abc');
});

test('describes itself by OpenAPI', async () => {
  const document = (await (await get('/kiln/v1/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, object>;
    components: { schemas: Record<string, { required?: string[]; properties?: Record<string, object> }> };
  };
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { version: '0.1.0' },
    servers: [{ url: `${base}/kiln/v1` }],
  });
  expect(Object.keys(document.components.schemas).sort()).toEqual([
    ...['Error', 'ErrorDetail', 'Run', 'RunError', 'RunList', 'RunOutput', 'RunSummary', 'Stage', 'Step'],
  ]);
  expect(document.components.schemas['Run']?.properties?.['steps']).toEqual({
    type: 'array',
    items: { $ref: '#/components/schemas/Step' },
  });
  // Every reference leads somewhere, every path is one that the server has.
  for (const [, name = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name);
  }
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods)) {
      const url = `/kiln/v1${path.replace(/\{(\w+)\}/g, ':$1')}`;
      expect(app.hasRoute({ method: method.toUpperCase(), url }), url).toBe(true);
    }
  }
});
