import type { RunStatus } from '../events/build-event.ts';
import type { RunOutputRow, RunRow } from './database.ts';
import type { Store, StoreTransaction } from './store.ts';

export interface RunRecord {
  readonly id: string;
  readonly templateName: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  /** The JSON document that the run ended with. */
  readonly result: unknown;
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

/** Notes a run that begins, with status `Running`. */
export async function startRun(
  store: Store,
  run: { id: string; templateName: string; startedAt: string },
): Promise<void> {
  await store.write(trx =>
    trx
      .insertInto('runs')
      .values({
        id: run.id,
        template_name: run.templateName,
        status: 'Running',
        started_at: run.startedAt,
        ended_at: null,
        result: null,
      })
      .execute(),
  );
}

/** Notes how a run ended. `result` must be JSON. */
export async function finishRun(
  store: Store,
  id: string,
  end: { status: RunStatus; endedAt: string; result: unknown },
): Promise<void> {
  await store.write(trx =>
    trx
      .updateTable('runs')
      .set({ status: end.status, ended_at: end.endedAt, result: JSON.stringify(end.result) })
      .where('id', '=', id)
      .execute(),
  );
}

export async function getRun(store: Store, id: string): Promise<RunRecord | undefined> {
  const row = await store.db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : runOf(row);
}

/** All runs, the newest first. */
export async function listRuns(store: Store): Promise<readonly RunRecord[]> {
  const rows = await store.db.selectFrom('runs').selectAll().orderBy('started_at', 'desc').orderBy('id').execute();
  return rows.map(runOf);
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
