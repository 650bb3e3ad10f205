import { createReadStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Page, pageBody, pageOf } from '../arm/paging.ts';
import { armError, resourceNotFound } from '../errors/arm.ts';
import { buildError } from '../errors/build.ts';
import { serviceError } from '../errors/service.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { type RunDirectory, runDirectory } from '../home/run-directory.ts';
import type { BuildQueue } from '../jobs/build-queue.ts';
import type { RunRow } from '../store/database.ts';
import { findResource } from '../store/resources.ts';
import { listAcceptedRuns } from '../store/run-queue.ts';
import { outputsOfRun } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { byteRange } from './runs/byte-range.ts';
import { isLineStart } from './runs/event-tail.ts';
import { openApi, PATHS, PREFIX, routePath } from './runs/openapi.ts';
import { ProgressReader } from './runs/run-progress.ts';
import { showRun, showSummary } from './runs/show-run.ts';
import { eventText, formWanted, MEDIA_TYPES } from './runs/stream-events.ts';

export interface RunsRoutesOptions {
  readonly store: Store;
  readonly home: KilnHome;
  readonly builds: Pick<BuildQueue, 'cancel' | 'wake' | 'positions'>;
  /** The address that clients are told, without a `/` at its end. */
  readonly url: () => string;
  /** Of streams of events, for tests. */
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
}

const scope = z.object({
  subscriptionId: z.string(),
  resourceGroupName: z.string().optional(),
  imageTemplateName: z.string().optional(),
  runId: z.string().optional(),
  log: z.string().optional(),
});
type Scope = z.output<typeof scope>;

const TEMPLATES = 'Microsoft.VirtualMachineImages/imageTemplates';
const STREAM_BYTES = 64 * 1024;

/** Kiln's own API, `/kiln/v1`: runs as they happen. Who makes a request is known before it comes here. */
export async function runsRoutes(app: FastifyInstance, options: RunsRoutesOptions): Promise<void> {
  const { store, home, builds, url } = options;
  const progress = new ProgressReader();
  const config = { routeClass: 'kiln' };
  const stopping = new AbortController();
  // A stream of events has no end of its own that a service which stops could wait for.
  app.addHook('preClose', async () => stopping.abort());

  const get = (path: string, handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
    app.get(PREFIX + routePath(path), { config, exposeHeadRoute: false }, handle);

  get(PATHS.openapi, async () => openApi(ownVersion(), url()));
  get(PATHS.subscriptionRuns, async request => {
    const { subscriptionId } = scope.parse(request.params);
    return (await list({ subscription: subscriptionId.toLowerCase() }, request)).body;
  });
  get(PATHS.templateRuns, async request => {
    const of = scope.parse(request.params);
    const templateKey = templateIdOf(of).toLowerCase();
    const { rows, body } = await list({ templateKey }, request);
    if (rows.length === 0 && (await findResource(store.db, templateKey)) === undefined) throw noTemplate(of);
    return body;
  });
  get(PATHS.run, async request => show(await find(scope.parse(request.params))));
  app.post(PREFIX + routePath(PATHS.cancel), { config }, async (request, reply) => {
    const of = scope.parse(request.params);
    await store.write(async trx => {
      const { id, status } = await find(of, trx);
      if (status !== 'Queued' && status !== 'Running') {
        throw armError('OperationNotAllowed', { operation: 'cancel', state: `for a run that is ${status}` });
      }
      await builds.cancel(trx, id);
    });
    builds.wake();
    return reply.code(202).send(await show(await find(of)));
  });
  get(PATHS.events, async (request, reply) => {
    const run = await find(scope.parse(request.params));
    const { events } = directoryOf(run);
    const from = await positionIn(request, events);
    const status = async () => (await rowOf(run.id))?.status;
    if (from > 0 && hasEnded(run) && (await sizeOf(events)) === from) return reply.code(204).send();
    const form = formWanted(request.headers.accept);
    const follow = new URL(request.url, url()).searchParams.get('follow') !== 'false';
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, stopping.signal]);
    const { pollMs, heartbeatMs } = options;
    const timing = {
      ...(pollMs === undefined ? {} : { pollMs }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    };
    const text = eventText(form, events, { from, signal, status, follow, ...timing });
    // Events are read as the client takes them: a slow one does not fill the memory.
    const stream = Readable.from(text, { objectMode: false, highWaterMark: STREAM_BYTES });
    stream.once('close', () => gone.abort());
    // Before a proxy keeps the events for itself until there are many.
    reply.header('x-accel-buffering', 'no').header('cache-control', 'no-cache, no-transform');
    return reply.type(MEDIA_TYPES[form]).send(stream);
  });
  get(PATHS.log, async (request, reply) => {
    const of = scope.parse(request.params);
    const run = await find(of);
    const path = logIn(directoryOf(run), of.log);
    if (path === undefined) throw armError('NotFound', { path: request.url });
    return sendPart(request, reply.header('kiln-run-status', run.status), path);
  });

  async function list(query: { templateKey: string } | { subscription: string }, request: FastifyRequest) {
    const address = new URL(url() + request.url);
    const page = pageOf(address.searchParams);
    const rows = await listAcceptedRuns(store.db, { ...query, after: placeOf(page), limit: page.size + 1 });
    const positions = rows.some(({ status }) => status === 'Queued') ? await builds.positions() : new Map();
    const shown = (row: RunRow) => showSummary(row, positions.get(row.id));
    return { rows, body: pageBody(rows, page, address, shown, row => `/${row.accepted_at}/${row.id}`) };
  }

  async function rowOf(id: string, db: Pick<Store['db'], 'selectFrom'> = store.db): Promise<RunRow | undefined> {
    return db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** @throws KilnError `RunNotFound`, also for a run of another template. */
  async function find(of: Scope, db?: Pick<Store['db'], 'selectFrom'>): Promise<RunRow> {
    const { runId = '' } = of;
    const row = await rowOf(runId.toLowerCase(), db);
    // The runs of a template that was deleted are listed, and have its key with the operation that deleted it behind a `#`.
    if (row === undefined || row.template_key?.split('#')[0] !== templateIdOf(of).toLowerCase()) {
      throw buildError('RunNotFound', { run: runId });
    }
    return row;
  }

  async function show(row: RunRow) {
    const position = row.status === 'Queued' ? (await builds.positions()).get(row.id) : undefined;
    const outputs = await outputsOfRun(store, row.id);
    return showRun(row, url(), position, await progress.read(directoryOf(row).events), outputs);
  }

  function directoryOf({ id }: RunRow): RunDirectory {
    return runDirectory(join(home.runs, id));
  }
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function templateIdOf({ subscriptionId, resourceGroupName, imageTemplateName }: Scope): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/${TEMPLATES}/${imageTemplateName}`;
}

function noTemplate({ resourceGroupName: resourceGroup, imageTemplateName }: Scope): Error {
  return resourceNotFound(`${TEMPLATES}/${imageTemplateName}`, resourceGroup);
}

/** @throws KilnError `InvalidSkipToken` */
function placeOf({ after }: Page): { readonly acceptedAt: string; readonly id: string } | undefined {
  if (after === undefined) return undefined;
  const [, acceptedAt, id] = /^\/([^/]+)\/([^/]+)$/.exec(after) ?? [];
  if (acceptedAt === undefined || id === undefined) throw armError('InvalidSkipToken', {});
  return { acceptedAt, id };
}

function hasEnded({ status }: RunRow): boolean {
  return status !== 'Queued' && status !== 'Running';
}

/** @throws KilnError `InvalidRequest` */
async function positionIn(request: FastifyRequest, path: string): Promise<number> {
  const given = request.headers['last-event-id'];
  if (given === undefined || given === '') return 0;
  const position = Number(given);
  const known = typeof given === 'string' && /^\d{1,15}$/.test(given) && (await isLineStart(path, position));
  if (!known)
    throw serviceError('InvalidRequest', { reason: '`Last-Event-ID` is not the id of an event of this run.' });
  return position;
}

function logIn(directory: RunDirectory, name: string | undefined): string | undefined {
  if (name === 'customization') return directory.customizationLog;
  return name === 'validation' ? directory.validationLog : undefined;
}

/** 0 for a file that is not there: a log that nothing was written to yet. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function sendPart(request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> {
  const size = await sizeOf(path);
  const range = byteRange(request.headers.range, size);
  reply.header('accept-ranges', 'bytes').type('text/plain; charset=utf-8');
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${size}`).send('');
  const { from, to } = range ?? { from: 0, to: size - 1 };
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${from}-${to}/${size}`);
  if (size === 0) return reply.send('');
  // The file grows: what is sent is what was there when its length was told.
  return reply.header('content-length', to - from + 1).send(createReadStream(path, { start: from, end: to }));
}
