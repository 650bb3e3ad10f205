import { isAlive, isElsewhere } from '../home/process-lock.ts';
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
  readonly heartbeatAt: string | undefined;
  readonly cancelRequested: boolean;
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** All of them, in the order in which they were accepted. */
export async function runsInQueue(db: Db): Promise<readonly QueuedRun[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'template_key', 'status', 'accepted_at', 'started_at', 'owner', 'cancel_requested'])
    .select(['heartbeat_at', 'cpus', 'memory_mib'])
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
    heartbeatAt: row.heartbeat_at ?? undefined,
    cancelRequested: row.cancel_requested === 1,
    cpus: row.cpus,
    memoryMiB: row.memory_mib,
  }));
}

/** Takes a run out of the queue for one process. `false` when it is not there any more: another has it, or it was canceled. */
export async function claimRun(store: Store, id: string, owner: string): Promise<boolean> {
  const now = new Date().toISOString();
  const { numUpdatedRows } = await store.write(trx =>
    trx
      .updateTable('runs')
      .set({ status: 'Running', owner, started_at: now, heartbeat_at: now })
      .where('id', '=', id)
      .where('status', '=', 'Queued')
      .where('cancel_requested', '=', 0)
      .executeTakeFirst(),
  );
  return numUpdatedRows === 1n;
}

/** A run that somebody works on, or did: one that was accepted or one of the command line. */
export interface RunningRun {
  readonly id: string;
  readonly owner: string;
  readonly startedAt: string;
  readonly heartbeatAt: string | undefined;
}

export async function runningRuns(db: Db): Promise<readonly RunningRun[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'owner', 'started_at', 'heartbeat_at'])
    .where('status', '=', 'Running')
    .execute();
  return rows.flatMap(({ id, owner, started_at, heartbeat_at }) =>
    owner === null ? [] : [{ id, owner, startedAt: started_at, heartbeatAt: heartbeat_at ?? undefined }],
  );
}

/** How often a process says that it is at work on its run. */
export const HEARTBEAT_MS = 10_000;
/** How long a process of another machine may say nothing before it is taken to be gone. */
export const SILENCE_MS = 300_000;

/** Says that a process is at work on a run. `false` when the run is not, or not any more, its own: others have ended it. */
export async function noteHeartbeat(store: Store, id: string, owner: string): Promise<boolean> {
  const { numUpdatedRows } = await store.write(trx =>
    trx
      .updateTable('runs')
      .set({ heartbeat_at: new Date().toISOString() })
      .where('id', '=', id)
      .where('status', '=', 'Running')
      .where('owner', '=', owner)
      .executeTakeFirst(),
  );
  return numUpdatedRows === 1n;
}

/**
 * Whether the process of a run is gone. A process of this machine can be looked at; that of another, or of this one under another
 * id (a container that was made anew), is gone when nothing was heard of it for `SILENCE_MS`.
 */
export function isAbandoned(run: {
  readonly owner: string | undefined;
  readonly startedAt: string;
  readonly heartbeatAt: string | undefined;
}): boolean {
  const owner = run.owner ?? '';
  if (!isElsewhere(owner)) return !isAlive(owner);
  return Date.now() - Date.parse(run.heartbeatAt ?? run.startedAt) > SILENCE_MS;
}

/**
 * When a run of a template is accepted, as its place in the queue and among the template's runs says it: `now`, or later where the
 * clock was put back meanwhile.
 */
export async function acceptanceTime(db: Db, templateKey: string, now: number): Promise<string> {
  const latest = (column: 'status' | 'template_key', value: string) =>
    db
      .selectFrom('runs')
      .select(({ fn }) => fn.max('accepted_at').as('at'))
      .where(column, '=', value)
      .executeTakeFirst();
  const before = await Promise.all([
    latest('template_key', templateKey),
    latest('status', 'Queued'),
    latest('status', 'Running'),
  ]);
  const template = await db
    .selectFrom('resources')
    .select('created_at')
    .where('key', '=', templateKey)
    .executeTakeFirst();
  const times = before.flatMap(row => (row?.at == null ? [] : [Date.parse(row.at) + 1]));
  return new Date(
    Math.max(now, ...times, ...(template === undefined ? [] : [Date.parse(template.created_at)])),
  ).toISOString();
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
