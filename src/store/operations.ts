import { randomUUID } from 'node:crypto';
import type { OperationRow } from './database.ts';
import type { Store, StoreTransaction } from './store.ts';

/** Work that a request began and that goes on after its answer; clients poll it. */
export interface OperationRecord {
  /** An upper-case GUID, as Azure's are. */
  readonly id: string;
  /** Which code does it. */
  readonly kind: string;
  /** Key of the resource that it works on. */
  readonly targetKey: string;
  readonly subscription: string;
  readonly location: string;
  readonly status: OperationRow['status'];
  /** What the code needs to begin again after a crash. */
  readonly input: unknown;
  readonly error: OperationError | undefined;
  /** What a client gets at the end, if anything. */
  readonly result: unknown;
  readonly correlationId: string;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
}

export interface OperationError {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly code: string; readonly message: string; readonly target?: string }[];
}

export type NewOperation = Pick<
  OperationRecord,
  'kind' | 'targetKey' | 'subscription' | 'location' | 'input' | 'correlationId'
> & { readonly id?: string };

/** Notes an operation that begins, in the transaction that changes what it is about. Returns its id. */
export async function beginOperation(trx: StoreTransaction, operation: NewOperation): Promise<string> {
  const id = operation.id ?? randomUUID().toUpperCase();
  await trx
    .insertInto('operations')
    .values({
      id,
      kind: operation.kind,
      target_key: operation.targetKey,
      subscription: operation.subscription.toLowerCase(),
      location: operation.location,
      status: 'InProgress',
      input: JSON.stringify(operation.input ?? null),
      error: null,
      result: null,
      correlation_id: operation.correlationId,
      started_at: new Date().toISOString(),
      ended_at: null,
    })
    .execute();
  return id;
}

/** Notes how an operation ended. One that has ended already stays as it is. */
export async function endOperation(
  trx: StoreTransaction,
  id: string,
  end: {
    readonly status: Exclude<OperationRow['status'], 'InProgress'>;
    readonly endedAt?: string;
    readonly error?: OperationError;
    readonly result?: unknown;
  },
): Promise<void> {
  await trx
    .updateTable('operations')
    .set({
      status: end.status,
      ended_at: end.endedAt ?? new Date().toISOString(),
      error: end.error === undefined ? null : JSON.stringify(end.error),
      result: end.result === undefined ? null : JSON.stringify(end.result),
    })
    .where('id', '=', id)
    .where('status', '=', 'InProgress')
    .execute();
}

/** @param id in any spelling */
export async function findOperation(
  db: Pick<StoreTransaction, 'selectFrom'>,
  id: string,
): Promise<OperationRecord | undefined> {
  const row = await db.selectFrom('operations').selectAll().where('id', '=', id.toUpperCase()).executeTakeFirst();
  return row === undefined ? undefined : operationOf(row);
}

/** Those in progress, the oldest first: all, or of some kinds, or about one resource. */
export async function operationsInProgress(
  db: Pick<StoreTransaction, 'selectFrom'>,
  of: { readonly kinds?: readonly string[]; readonly targetKey?: string } = {},
): Promise<readonly OperationRecord[]> {
  let query = db.selectFrom('operations').selectAll().where('status', '=', 'InProgress');
  if (of.kinds !== undefined) query = query.where('kind', 'in', of.kinds);
  if (of.targetKey !== undefined) query = query.where('target_key', '=', of.targetKey);
  const rows = await query.orderBy('started_at').execute();
  return rows.map(operationOf);
}

/** Forgets operations that ended before a time (ISO 8601). Returns how many. */
export async function forgetOperations(store: Store, before: string): Promise<number> {
  const { numDeletedRows } = await store.write(trx =>
    trx.deleteFrom('operations').where('status', '<>', 'InProgress').where('ended_at', '<', before).executeTakeFirst(),
  );
  return Number(numDeletedRows);
}

function operationOf(row: OperationRow): OperationRecord {
  return {
    id: row.id,
    kind: row.kind,
    targetKey: row.target_key,
    subscription: row.subscription,
    location: row.location,
    status: row.status,
    input: JSON.parse(row.input),
    error: row.error === null ? undefined : (JSON.parse(row.error) as OperationError),
    result: row.result === null ? undefined : JSON.parse(row.result),
    correlationId: row.correlation_id,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
  };
}
