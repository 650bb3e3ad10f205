import type { RunRow } from './database.ts';
import type { Store, StoreTransaction } from './store.ts';

type Db = Pick<StoreTransaction, 'selectFrom'>;

/** What the queue has to know of a run that was accepted and has not ended. */
export interface QueuedRun {
  readonly id: string;
  readonly templateKey: string;
  readonly status: 'Queued' | 'Running';
  readonly acceptedAt: string;
  readonly startedAt: string;
  /** The process that works on it. */
  readonly owner: string | undefined;
  readonly cancelRequested: boolean;
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** All of them, in the order in which they were accepted. */
export async function runsInQueue(db: Db): Promise<readonly QueuedRun[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'template_key', 'status', 'accepted_at', 'started_at', 'owner', 'cancel_requested'])
    .select(['cpus', 'memory_mib'])
    .where('status', 'in', ['Queued', 'Running'])
    .where('accepted_at', 'is not', null)
    .orderBy('accepted_at')
    .orderBy('id')
    .execute();
  return rows.map(row => ({
    id: row.id,
    templateKey: row.template_key ?? '',
    status: row.status === 'Queued' ? 'Queued' : 'Running',
    acceptedAt: row.accepted_at ?? '',
    startedAt: row.started_at,
    owner: row.owner ?? undefined,
    cancelRequested: row.cancel_requested === 1,
    cpus: row.cpus,
    memoryMiB: row.memory_mib,
  }));
}

/** Takes a run out of the queue for one process. `false` when it is not there any more: another has it, or it was canceled. */
export async function claimRun(store: Store, id: string, owner: string): Promise<boolean> {
  const { numUpdatedRows } = await store.write(trx =>
    trx
      .updateTable('runs')
      .set({ status: 'Running', owner, started_at: new Date().toISOString() })
      .where('id', '=', id)
      .where('status', '=', 'Queued')
      .where('cancel_requested', '=', 0)
      .executeTakeFirst(),
  );
  return numUpdatedRows === 1n;
}

/** Ids and owners of runs that somebody works on, or did: accepted ones and those of the command line. */
export async function runningRuns(db: Db): Promise<readonly { readonly id: string; readonly owner: string }[]> {
  const rows = await db.selectFrom('runs').select(['id', 'owner']).where('status', '=', 'Running').execute();
  return rows.flatMap(({ id, owner }) => (owner === null ? [] : [{ id, owner }]));
}

/** A run that has ended, as far as it matters for how long it is kept. */
export interface EndedRun {
  readonly id: string;
  readonly templateKey: string;
  readonly endedAt: string;
  readonly hasOutputs: boolean;
  /** Its template is still there. */
  readonly templateExists: boolean;
}

/** Accepted runs that have ended, the one that was accepted last first. */
export async function endedRuns(db: Db): Promise<readonly EndedRun[]> {
  const rows = await db
    .selectFrom('runs')
    .leftJoin('resources', 'resources.key', 'runs.template_key')
    .select(['runs.id', 'runs.template_key', 'runs.ended_at', 'resources.key as template'])
    .select(({ exists, selectFrom }) =>
      exists(selectFrom('run_outputs').select('name').whereRef('run_outputs.run_id', '=', 'runs.id')).as('published'),
    )
    .where('runs.status', 'not in', ['Queued', 'Running'])
    .where('runs.template_key', 'is not', null)
    .orderBy('runs.accepted_at', 'desc')
    .orderBy('runs.id')
    .execute();
  return rows.map(row => ({
    id: row.id,
    templateKey: row.template_key ?? '',
    endedAt: row.ended_at ?? '',
    hasOutputs: Boolean(row.published),
    templateExists: row.template !== null,
  }));
}

/** Which runs to list, the one that was accepted last first. */
export interface RunQuery {
  readonly templateKey?: string;
  /** Only those of templates in this subscription, in lower case. */
  readonly subscription?: string;
  /** Only those behind this one. */
  readonly after?: { readonly acceptedAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Rows of accepted runs. */
export async function listAcceptedRuns(db: Db, query: RunQuery): Promise<readonly RunRow[]> {
  const { templateKey, subscription, after, limit } = query;
  let select = db.selectFrom('runs').selectAll().where('accepted_at', 'is not', null);
  if (templateKey !== undefined) select = select.where('template_key', '=', templateKey);
  // Between the prefix and what follows it: `/` comes before `0`.
  if (subscription !== undefined) {
    select = select
      .where('template_key', '>=', `/subscriptions/${subscription}/`)
      .where('template_key', '<', `/subscriptions/${subscription}0`);
  }
  if (after !== undefined) {
    select = select.where(({ eb, or, and }) =>
      or([
        eb('accepted_at', '<', after.acceptedAt),
        and([eb('accepted_at', '=', after.acceptedAt), eb('id', '>', after.id)]),
      ]),
    );
  }
  return select.orderBy('accepted_at', 'desc').orderBy('id').limit(limit).execute();
}
