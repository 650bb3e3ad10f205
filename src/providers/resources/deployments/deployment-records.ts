import { pageBody, pageOf } from '../../../arm/paging.ts';
import { armError } from '../../../errors/arm.ts';
import { findResource, pageOfResources, type StoredResource } from '../../../store/resources.ts';
import type { Store } from '../../../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../../provider.ts';
import { objectIn } from '../../request-body.ts';
import { deploymentId, OPERATION_TYPE, requireDeployment } from './stored-deployment.ts';

const GROUP = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
const ACTION = 'Microsoft.Resources/deployments/operations/read';

/** What was done for each resource of a deployment. Clients write the path with the provider, and without. */
export function deploymentRecordOperations(store: Store): readonly ArmOperation[] {
  return [`${GROUP}/providers/Microsoft.Resources`, GROUP].flatMap((scope): ArmOperation[] => {
    const path = `${scope}/deployments/{deploymentName}/operations`;
    return [
      { method: 'GET', path, action: ACTION, handle: request => list(store, request) },
      { method: 'GET', path: `${path}/{operationId}`, action: ACTION, handle: request => get(store, request) },
    ];
  });
}

async function list(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(request.url.searchParams);
  const { key, id } = await requireDeployment(store.db, request);
  const query = {
    type: OPERATION_TYPE,
    parentKey: key,
    ...(page.after === undefined ? {} : { after: page.after }),
  };
  const { found, next } = await pageOfResources(store.db, query, page.size);
  const show = (one: StoredResource) => shown(id, one);
  return { status: 200, body: pageBody(found, page, request.url, show, one => one.key, next) };
}

async function get(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const { id } = await requireDeployment(store.db, request);
  const { operationId = '' } = request.params;
  const found = await findResource(store.db, `${deploymentId(request.params)}/operations/${operationId}`);
  if (found === undefined) throw armError('OperationNotFound', { id: operationId });
  return { status: 200, body: shown(id, found) };
}

function shown(deployment: string, { name, body }: StoredResource) {
  const operationId = name.toUpperCase();
  return { id: `${deployment}/operations/${operationId}`, operationId, properties: objectIn(body, 'properties') };
}
