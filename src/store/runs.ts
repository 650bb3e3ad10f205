import { sql } from 'kysely';
import type { RunStatus, Stage } from '../events/build-event.ts';
import type { RunOutputRow, RunRow } from './database.ts';
import { endOperation } from './operations.ts';
import type { Store, StoreTransaction } from './store.ts';

export interface RunRecord {
  readonly id: string;
  readonly templateName: string;
  readonly status: RunStatus;
  /** When it began to work; of a queued run, when it was accepted. */
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  /** The JSON document that the run ended with. */
  readonly result: unknown;
  /** Of a run that a service accepted. */
  readonly accepted: AcceptedRun | undefined;
  /** The stage that began last. */
  readonly stage: Stage | undefined;
  /** The process that works on it, or did. */
  readonly owner: string | undefined;
  /** When that process said last that it is at work. */
  readonly heartbeatAt: string | undefined;
  readonly cancelRequested: boolean;
}

/** A run as a service accepts it: to be begun when the host has room for its machine. */
export interface AcceptedRun {
  /** Key of the template's resource. */
  readonly templateKey: string;
  /** The operation by which a client waits for the run. */
  readonly operationId: string;
  readonly correlationId: string;
  readonly acceptedAt: string;
  /** What to build, for whoever begins it. JSON. */
  readonly request: unknown;
  /** What its machine takes of the host. */
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** What one distribute target of a run came to. */
export interface StoredRunOutput {
  readonly runId: string;
  readonly name: string;
  readonly type: 'VHD' | 'ManagedImage' | 'SharedImage';
  readonly artifactId?: string;
  readonly artifactUri?: string;
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Notes a run that waits for its turn. */
export async function acceptRun(
  trx: StoreTransaction,
  run: AcceptedRun & { readonly id: string; readonly templateName: string },
): Promise<void> {
  await trx
    .insertInto('runs')
    .values({
      ...NEW,
      id: run.id,
      template_name: run.templateName,
      status: 'Queued',
      started_at: run.acceptedAt,
      template_key: run.templateKey,
      operation_id: run.operationId,
      correlation_id: run.correlationId,
      accepted_at: run.acceptedAt,
      request: JSON.stringify(run.request),
      cpus: run.cpus,
      memory_mib: run.memoryMiB,
    })
    .execute();
}

/**
 * Notes that a run begins, whether or not it was accepted before, with status `Running`. `false` when it is not this process's to begin: it has
 * ended, or another has it.
 */
export async function startRun(
  store: Store,
  run: { id: string; templateName: string; startedAt: string; owner: string },
): Promise<boolean> {
  const begun = {
    status: 'Running',
    started_at: run.startedAt,
    heartbeat_at: new Date().toISOString(),
    owner: run.owner,
  } as const;
  const { numInsertedOrUpdatedRows } = await store.write(trx =>
    trx
      .insertInto('runs')
      .values({ ...NEW, ...begun, id: run.id, template_name: run.templateName, attempts: 1 })
      .onConflict(conflict =>
        conflict
          .column('id')
          .doUpdateSet(({ ref }) => ({ ...begun, attempts: sql`${ref('runs.attempts')} + 1` }))
          .where(({ eb, or, and }) =>
            or([
              eb('runs.status', '=', 'Queued'),
              and([eb('runs.status', '=', 'Running'), eb('runs.owner', '=', run.owner)]),
            ]),
          ),
      )
      .executeTakeFirst(),
  );
  return numInsertedOrUpdatedRows === 1n;
}

const NEW = {
  ended_at: null,
  result: null,
  template_key: null,
  operation_id: null,
  correlation_id: null,
  accepted_at: null,
  request: null,
  stage: null,
  owner: null,
  heartbeat_at: null,
  cancel_requested: 0,
  attempts: 0,
  cpus: 0,
  memory_mib: 0,
} as const;

/** Notes the stage that a run has come to, as long as it is the one of this process. */
export async function noteStage(store: Store, id: string, stage: Stage, owner: string): Promise<void> {
  await store.write(trx =>
    trx.updateTable('runs').set({ stage }).where('id', '=', id).where('owner', '=', owner).execute(),
  );
}

/** Asks whoever works on a run to cancel it. */
export async function requestCancel(trx: StoreTransaction, id: string): Promise<void> {
  await trx.updateTable('runs').set({ cancel_requested: 1 }).where('id', '=', id).execute();
}

export async function isCancelRequested(store: Store, id: string): Promise<boolean> {
  const row = await store.db.selectFrom('runs').select('cancel_requested').where('id', '=', id).executeTakeFirst();
  return row?.cancel_requested === 1;
}

/** Gives a run that was begun and did not end back to the queue, at its old place. `false` when it is not `owner`'s any more. */
export async function requeueRun(store: Store, id: string, owner: string): Promise<boolean> {
  const { numUpdatedRows } = await store.write(trx =>
    trx
      .updateTable('runs')
      .set(({ ref }) => ({
        status: 'Queued',
        stage: null,
        owner: null,
        heartbeat_at: null,
        started_at: sql<string>`${ref('accepted_at')}`,
      }))
      .where('id', '=', id)
      .where('accepted_at', 'is not', null)
      .where('status', '=', 'Running')
      .where('owner', '=', owner)
      .executeTakeFirst(),
  );
  return numUpdatedRows === 1n;
}

/** How a run ended. */
export interface RunEnd {
  readonly status: RunStatus;
  readonly endedAt: string;
  /** Must be JSON. */
  readonly result: unknown;
  /** The process that works on it, where it has one: of another's run nothing is noted. */
  readonly owner?: string;
}

/**
 * Notes how a run ended, and with it the operation that a client waits for. `false` when there was nothing to note: it has ended
 * already, or is another process's.
 */
export async function finishRun(store: Store, id: string, end: RunEnd): Promise<boolean> {
  return store.write(trx => endRun(trx, id, end));
}

/** `finishRun` within a transaction. */
export async function endRun(
  trx: StoreTransaction,
  id: string,
  { status, endedAt, result, owner }: RunEnd,
): Promise<boolean> {
  const unfinished = trx
    .updateTable('runs')
    .set({ status, ended_at: endedAt, result: JSON.stringify(result) })
    .where('id', '=', id)
    .where('status', 'in', UNFINISHED);
  const { numUpdatedRows } = await (owner === undefined
    ? unfinished
    : unfinished.where('owner', '=', owner)
  ).executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  const run = await trx.selectFrom('runs').select('operation_id').where('id', '=', id).executeTakeFirst();
  if (run?.operation_id == null) return true;
  const { error } = (result ?? {}) as { error?: { code: string; message: string } | null };
  await endOperation(trx, run.operation_id, {
    status: status === 'Succeeded' || status === 'Canceled' ? status : 'Failed',
    endedAt,
    ...(error == null ? {} : { error: { code: error.code, message: error.message } }),
  });
  return true;
}

const UNFINISHED = ['Queued', 'Running'] as const;

export async function getRun(
  store: Pick<Store, 'db'> | { readonly db: StoreTransaction },
  id: string,
): Promise<RunRecord | undefined> {
  const row = await store.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : runOf(row);
}

/** All runs, the newest first. */
export async function listRuns(store: Store): Promise<readonly RunRecord[]> {
  const rows = await store.db.selectFrom('runs').selectAll().orderBy('started_at', 'desc').orderBy('id').execute();
  return rows.map(runOf);
}

/**
 * The run of each of these templates that is queued or at work, or else the newest, by the template's key. Those of a template that had the name before and was deleted do not count.
 */
export async function lastRuns(
  db: Pick<Store['db'], 'selectFrom'>,
  templateKeys: readonly string[],
): Promise<ReadonlyMap<string, RunRecord>> {
  if (templateKeys.length === 0) return new Map();
  const rows = await db
    .selectFrom('runs')
    .innerJoin('resources', 'resources.key', 'runs.template_key')
    .selectAll('runs')
    .where('runs.template_key', 'in', templateKeys)
    .whereRef('runs.accepted_at', '>=', 'resources.created_at')
    .where(({ eb, or, not, exists, selectFrom }) =>
      or([
        eb('runs.status', 'in', UNFINISHED),
        not(
          exists(
            selectFrom('runs as later')
              .select('later.id')
              .whereRef('later.template_key', '=', 'runs.template_key')
              .whereRef('later.accepted_at', '>', 'runs.accepted_at'),
          ),
        ),
      ]),
    )
    .orderBy('runs.accepted_at')
    .orderBy('runs.id')
    .execute();
  // The later one of a template stays in the map. What a template may do is decided by the status, whatever the clock was.
  const isActive = ({ status }: RunRow) => UNFINISHED.some(one => one === status);
  const ordered = [...rows.filter(row => !isActive(row)), ...rows.filter(isActive)];
  return new Map(ordered.map(row => [row.template_key ?? '', runOf(row)]));
}

/** Forgets a run and its outputs. What it published stays. */
export async function removeRun(store: Store, id: string): Promise<void> {
  await store.write(async trx => {
    await trx.deleteFrom('run_outputs').where('run_id', '=', id).execute();
    await trx.deleteFrom('runs').where('id', '=', id).execute();
  });
}

/** Notes an output in the transaction that publishes it. A run that publishes again under the same name keeps the later one. */
export async function recordRunOutput(trx: StoreTransaction, output: StoredRunOutput): Promise<void> {
  const row: RunOutputRow = {
    run_id: output.runId,
    name: output.name,
    type: output.type,
    artifact_id: output.artifactId ?? null,
    artifact_uri: output.artifactUri ?? null,
    path: output.path,
    digest: output.digest,
    size_bytes: output.sizeBytes,
    created_at: new Date().toISOString(),
  };
  const { run_id: _run, name: _name, ...rest } = row;
  await trx
    .insertInto('run_outputs')
    .values(row)
    .onConflict(conflict => conflict.columns(['run_id', 'name']).doUpdateSet(rest))
    .execute();
}

export async function outputsOfRun(store: Store, runId: string): Promise<readonly StoredRunOutput[]> {
  const rows = await store.db
    .selectFrom('run_outputs')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('created_at')
    .orderBy('name')
    .execute();
  return rows.map(outputOf);
}

/** The newest output of that name, of one template or of any. */
export async function latestRunOutput(
  store: Store,
  name: string,
  templateName?: string,
): Promise<StoredRunOutput | undefined> {
  const named = store.db
    .selectFrom('run_outputs')
    .leftJoin('runs', 'runs.id', 'run_outputs.run_id')
    .selectAll('run_outputs')
    .where('run_outputs.name', '=', name);
  const row = await (templateName === undefined ? named : named.where('runs.template_name', '=', templateName))
    .orderBy('run_outputs.created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : outputOf(row);
}

function runOf(row: RunRow): RunRecord {
  return {
    id: row.id,
    templateName: row.template_name,
    status: row.status,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    result: row.result === null ? undefined : JSON.parse(row.result),
    accepted: acceptedOf(row),
    stage: (row.stage ?? undefined) as Stage | undefined,
    owner: row.owner ?? undefined,
    heartbeatAt: row.heartbeat_at ?? undefined,
    cancelRequested: row.cancel_requested === 1,
  };
}

function acceptedOf(row: RunRow): AcceptedRun | undefined {
  if (row.template_key === null || row.accepted_at === null) return undefined;
  return {
    templateKey: row.template_key,
    operationId: row.operation_id ?? '',
    correlationId: row.correlation_id ?? '',
    acceptedAt: row.accepted_at,
    request: row.request === null ? undefined : JSON.parse(row.request),
    cpus: row.cpus,
    memoryMiB: row.memory_mib,
  };
}

function outputOf(row: RunOutputRow): StoredRunOutput {
  return {
    runId: row.run_id,
    name: row.name,
    type: row.type,
    ...(row.artifact_id === null ? {} : { artifactId: row.artifact_id }),
    ...(row.artifact_uri === null ? {} : { artifactUri: row.artifact_uri }),
    path: row.path,
    digest: row.digest,
    sizeBytes: Number(row.size_bytes),
  };
}
