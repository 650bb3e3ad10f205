import { pollingHeaders, statusBody } from '../arm/long-running.ts';
import { armError } from '../errors/arm.ts';
import { findOperation, type OperationRecord } from '../store/operations.ts';
import type { Store } from '../store/store.ts';
import type { ArmOperation, ArmRequest } from './provider.ts';

/**
 * Where a client looks how an operation of a provider goes on: always 200, and its status in the body, as for an address in
 * `Azure-AsyncOperation`.
 *
 * @param namespace of the provider, e.g. `Microsoft.Compute`
 */
export function operationStatus(store: Store, namespace: string): ArmOperation {
  return {
    method: 'GET',
    path: `/subscriptions/{subscriptionId}/providers/${namespace}/locations/{location}/operations/{operationId}`,
    action: `${namespace}/locations/operations/read`,
    handle: async request => {
      const operation = await operationOf(store, request);
      const polled = operation.status === 'InProgress' ? pollingHeaders('', new Set()) : {};
      return { status: 200, headers: polled, body: statusBody(operation) };
    },
  };
}

/**
 * Where a client waits for the end of an operation of Resource Manager, as for an address in `Location`: 202 as long as it goes on, then
 * 200 with its result, or the error.
 */
export function operationResult(store: Store): ArmOperation {
  return {
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/operationresults/{operationId}',
    action: 'Microsoft.Resources/subscriptions/operationresults/read',
    handle: async request => {
      const operation = await operationOf(store, request);
      if (operation.status === 'InProgress')
        return { status: 202, headers: pollingHeaders(request.url.href, new Set(['Location'])) };
      if (operation.status === 'Succeeded')
        return { status: 200, ...(operation.result == null ? {} : { body: operation.result }) };
      const { error } = operation;
      return {
        status: 409,
        body: { error: error ?? { code: operation.status, message: 'The operation was canceled.' } },
      };
    },
  };
}

/** The headers of a 202 whose operation is at `operationresults`. */
export function resultHeaders(request: Pick<ArmRequest, 'baseUrl' | 'apiVersion'>, subscription: string, id: string) {
  const path = `/subscriptions/${subscription}/operationresults/${id}`;
  return pollingHeaders(`${request.baseUrl}${path}?api-version=${request.apiVersion}`, new Set(['Location']));
}

/** @throws KilnError `OperationNotFound`, for those of another subscription as well. */
async function operationOf(store: Store, { params }: ArmRequest): Promise<OperationRecord> {
  const { operationId: id = '', subscriptionId = '' } = params;
  const operation = await findOperation(store.db, id);
  if (operation === undefined || operation.subscription !== subscriptionId.toLowerCase()) {
    throw armError('OperationNotFound', { id });
  }
  return operation;
}
