import { pollingHeaders } from '../../arm/long-running.ts';
import { armError } from '../../errors/arm.ts';
import { type OperationRecord, operationsInProgress } from '../../store/operations.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ArmRequest } from '../provider.ts';
import { DELETE_VERSION, NAMESPACE, REPLICATE_VERSION, WRITE_IMAGE, WRITE_VERSION } from './places.ts';

const STATES: Readonly<Record<string, string>> = {
  [WRITE_IMAGE]: 'Creating',
  [WRITE_VERSION]: 'Creating',
  [REPLICATE_VERSION]: 'Updating',
  [DELETE_VERSION]: 'Deleting',
};

/** What is being done to a resource after its answer, if anything. */
export async function pendingOn(
  db: Pick<StoreTransaction, 'selectFrom'>,
  targetKey: string,
): Promise<OperationRecord | undefined> {
  const operations = await operationsInProgress(db, { kinds: Object.keys(STATES), targetKey });
  return operations.at(-1);
}

/** `provisioningState` of a resource as long as an operation on it goes on. */
export function stateDuring({ kind }: OperationRecord): string {
  return STATES[kind] ?? 'Updating';
}

/** @throws KilnError `OperationNotAllowed` as long as something else is being done to a resource. */
export async function refusePending(
  db: Pick<StoreTransaction, 'selectFrom'>,
  targetKey: string,
  operation: string,
): Promise<void> {
  const pending = await pendingOn(db, targetKey);
  if (pending === undefined) return;
  throw armError('OperationNotAllowed', { operation, state: `in provisioning state '${stateDuring(pending)}'` });
}

/** Where a client finds out how an operation goes on. */
export function operationHeaders(request: ArmRequest, location: string, id: string): Record<string, string> {
  const { baseUrl, apiVersion, params } = request;
  const path = `/subscriptions/${params['subscriptionId']}/providers/${NAMESPACE}/locations/${location}/operations/${id}`;
  const url = `${baseUrl}${path}?api-version=${apiVersion}`;
  return pollingHeaders(url, new Set(['Azure-AsyncOperation', 'Location']));
}
