import { saidOf } from '../../../arm/error-body.ts';
import { RETRY_AFTER_SECONDS } from '../../../arm/long-running.ts';
import { PAGE_SIZE, pageBody, pageOf } from '../../../arm/paging.ts';
import { armError } from '../../../errors/arm.ts';
import { resourcesError } from '../../../errors/resources.ts';
import { beginOperation, endOperation, findOperation } from '../../../store/operations.ts';
import { findResource, pageOfResources, removeResource, type StoredResource } from '../../../store/resources.ts';
import { resultHeaders } from '../../operation-status.ts';
import type { ArmOperation, ArmRequest, ArmResponse, Provider } from '../../provider.ts';
import type { ProviderServices } from '../../services.ts';
import { InternalClient } from '../internal-client.ts';
import { resourceFilter } from '../tag-filter.ts';
import { type DeploymentBody, templateHash } from './deployment-body.ts';
import type { EvaluationProcess } from './evaluator.ts';
import { evaluation as beginEvaluation, plannedResources, preflight } from './plan-deployment.ts';
import { DEPLOY, type DeploymentOrder, forgetRecords } from './run-deployment.ts';
import type { Seal } from './sealed.ts';
import {
  checkName,
  DEPLOYMENT_TYPE,
  deploymentId,
  endDeployment,
  isActive,
  plannedProperties,
  putDeployment,
  refuseWhileActive,
  requireDeployment,
  shownDeployment,
  stateOf,
} from './stored-deployment.ts';
import { whatIf } from './what-if.ts';

const GROUP = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
const DEPLOYMENTS = `${GROUP}/providers/Microsoft.Resources/deployments`;
const DEPLOYMENT = `${DEPLOYMENTS}/{deploymentName}`;
/** In bytes, as in Azure. */
const LARGEST_TEMPLATE = 4 * 1024 * 1024;

export interface DeploymentMeans {
  readonly services: ProviderServices;
  readonly providers: () => readonly Provider[];
  readonly evaluator: EvaluationProcess;
  readonly seal: Seal;
}

/** Deployments to resource groups. */
export function deploymentOperations(means: DeploymentMeans): readonly ArmOperation[] {
  const { store } = means.services;
  const get = async (request: ArmRequest) => requireDeployment(store.db, request);
  const read = `${DEPLOYMENT_TYPE}/read`;
  return [
    { method: 'GET', path: DEPLOYMENTS, action: read, handle: request => list(means, request) },
    {
      method: 'GET',
      path: DEPLOYMENT,
      action: read,
      handle: async request => ({ status: 200, body: shownDeployment(await get(request)) }),
    },
    {
      method: 'HEAD',
      path: DEPLOYMENT,
      action: read,
      handle: async ({ params }) => ({
        status: (await findResource(store.db, deploymentId(params))) === undefined ? 404 : 204,
      }),
    },
    {
      method: 'PUT',
      path: DEPLOYMENT,
      action: `${DEPLOYMENT_TYPE}/write`,
      readsText: true,
      largestBody: LARGEST_TEMPLATE,
      handle: request => put(means, request),
    },
    {
      method: 'DELETE',
      path: DEPLOYMENT,
      action: `${DEPLOYMENT_TYPE}/delete`,
      handle: request => remove(means, request),
    },
    {
      method: 'POST',
      path: `${DEPLOYMENT}/validate`,
      action: `${DEPLOYMENT_TYPE}/validate/action`,
      readsText: true,
      handle: request => validate(means, request),
    },
    {
      method: 'POST',
      path: `${DEPLOYMENT}/whatIf`,
      action: `${DEPLOYMENT_TYPE}/whatIf/action`,
      readsText: true,
      handle: request => foresee(means, request),
    },
    {
      method: 'POST',
      path: `${DEPLOYMENT}/cancel`,
      action: `${DEPLOYMENT_TYPE}/cancel/action`,
      handle: request => cancel(means, request),
    },
    {
      method: 'POST',
      path: `${DEPLOYMENT}/exportTemplate`,
      action: `${DEPLOYMENT_TYPE}/exportTemplate/action`,
      handle: async request => ({ status: 200, body: { template: stateOf(await get(request)).template } }),
    },
    {
      method: 'GET',
      path: `${DEPLOYMENT}/operationStatuses/{operationId}`,
      action: `${DEPLOYMENT_TYPE}/operationstatuses/read`,
      handle: request => status(means, request),
    },
  ];
}

/** Evaluates what a request wants to have deployed, and sees whether the service can take it. */
async function planned(means: DeploymentMeans, request: ArmRequest, order: Pick<DeploymentOrder, 'now' | 'seed'>) {
  const { services, providers, evaluator } = means;
  const { subscriptionId = '', resourceGroupName: resourceGroup = '', deploymentName: name = '' } = request.params;
  checkName(name);
  const body = await evaluator.request(request.text);
  const client = new InternalClient(services, request);
  const place = { subscriptionId, resourceGroup, name };
  const { template, parameters } = body;
  const evaluation = await beginEvaluation(services, evaluator, client, place, { template, parameters, ...order });
  try {
    const view = await evaluation.template();
    const resources = await plannedResources(evaluation, view);
    await preflight(services, providers(), resources, { name, correlationId: request.correlationId });
    const properties = plannedProperties(view, {
      mode: body.mode,
      templateHash: templateHash(template),
      correlationId: request.correlationId,
      now: order.now,
    });
    return { body, client, resources, properties };
  } finally {
    await evaluation.close();
  }
}

function newOrder({ mode }: Pick<DeploymentBody, 'mode'> = { mode: 'Incremental' }): DeploymentOrder {
  return { mode, now: new Date().toISOString(), seed: crypto.randomUUID() };
}

async function put(means: DeploymentMeans, request: ArmRequest): Promise<ArmResponse> {
  const { services, seal } = means;
  const { store } = services;
  const { params, caller, baseUrl, correlationId } = request;
  const id = deploymentId(params);
  await refuseWhileActive(store.db, await findResource(store.db, id));
  const { now, seed } = newOrder();
  const { body, properties } = await planned(means, request, { now, seed });
  const sealed = await seal.seal(body.parameters);
  const { resource, made } = await store.write(async trx => {
    const found = await findResource(trx, id);
    await refuseWhileActive(trx, found);
    const order: DeploymentOrder = { mode: body.mode, now, seed };
    const operationId = await beginOperation(trx, {
      id: request.requestId,
      kind: DEPLOY,
      targetKey: id.toLowerCase(),
      subscription: params['subscriptionId'] ?? '',
      location: '',
      input: { caller, baseUrl, correlationId, ...order },
      correlationId,
    });
    await forgetRecords(trx, id.toLowerCase());
    return putDeployment(trx, id, {
      properties,
      state: { operationId, startedAt: now, template: body.template, sealed },
      provisioningState: 'Accepted',
      tags: body.tags,
      createdBy: caller.objectId,
    });
  });
  services.startOperation(request.requestId);
  const url = `${baseUrl}${resource.id}/operationStatuses/${request.requestId}?api-version=${request.apiVersion}`;
  const headers = { 'Azure-AsyncOperation': url, 'Retry-After': String(RETRY_AFTER_SECONDS) };
  return { status: made ? 201 : 200, headers, body: shownDeployment(resource) };
}

async function validate(means: DeploymentMeans, request: ArmRequest): Promise<ArmResponse> {
  const { properties, resources, body } = await planned(means, request, newOrder());
  const id = deploymentId(request.params);
  const validatedResources = resources.map(({ resource }) => ({ id: resource.id }));
  const all = { ...properties, mode: body.mode, provisioningState: 'Succeeded', validatedResources };
  return { status: 200, body: { id, name: request.params['deploymentName'], type: DEPLOYMENT_TYPE, properties: all } };
}

/** What would change is known when this answers; clients fetch it from where they are told. */
async function foresee(means: DeploymentMeans, request: ArmRequest): Promise<ArmResponse> {
  const { store } = means.services;
  const { subscriptionId: subscription = '', resourceGroupName } = request.params;
  const { body, client, resources } = await planned(means, request, newOrder());
  const groupKey = `/subscriptions/${subscription}/resourcegroups/${resourceGroupName}`.toLowerCase();
  const changes = await whatIf(store.db, client, resources, groupKey, body);
  await store.write(async trx => {
    const { requestId: id, correlationId } = request;
    const about = { kind: 'Microsoft.Resources/whatIf', targetKey: deploymentId(request.params).toLowerCase() };
    await beginOperation(trx, { id, ...about, subscription, location: '', input: null, correlationId });
    await endOperation(trx, id, { status: 'Succeeded', result: { status: 'Succeeded', properties: { changes } } });
  });
  return { status: 202, headers: resultHeaders(request, subscription, request.requestId) };
}

async function cancel({ services }: DeploymentMeans, request: ArmRequest): Promise<ArmResponse> {
  const { deploymentName: deployment = '' } = request.params;
  const error = resourcesError('DeploymentCanceled', { deployment });
  const operationId = await services.store.write(async trx => {
    const found = await requireDeployment(trx, request);
    if (!isActive(found)) {
      throw resourcesError('DeploymentNotActive', { deployment, state: found.provisioningState });
    }
    const said = saidOf(error);
    await endDeployment(trx, found.key, { provisioningState: 'Canceled', error: said });
    const id = stateOf(found).operationId ?? '';
    await endOperation(trx, id, { status: 'Canceled', error: said });
    return id;
  });
  services.cancelOperation(operationId, error);
  return { status: 204 };
}

async function remove({ services: { store } }: DeploymentMeans, request: ArmRequest): Promise<ArmResponse> {
  const { subscriptionId: subscription = '' } = request.params;
  const { requestId: id, correlationId } = request;
  return store.write(async trx => {
    const found = await findResource(trx, deploymentId(request.params));
    if (found === undefined) return { status: 204 };
    await refuseWhileActive(trx, found);
    await removeResource(trx, found.key);
    // `az` takes nothing but 202 and 204 for an answer.
    const about = { kind: 'Microsoft.Resources/deleteDeployment', targetKey: found.key, input: null };
    await beginOperation(trx, { id, ...about, subscription, location: '', correlationId });
    await endOperation(trx, id, { status: 'Succeeded' });
    return { status: 202, headers: resultHeaders(request, subscription, id) };
  });
}

async function list({ services: { store } }: DeploymentMeans, { params, url }: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(url.searchParams);
  const filter = resourceFilter(url.searchParams.get('$filter'), ['provisioningstate', 'name']);
  const { subscriptionId, resourceGroupName } = params;
  const resourceGroupKey = `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}`;
  const query = { type: DEPLOYMENT_TYPE, resourceGroupKey };
  let found: readonly StoredResource[] = [];
  let next = page.after;
  // A page may be shorter than it could be, but empty only when it is the last.
  do {
    const read = await pageOfResources(
      store.db,
      { ...query, ...(next === undefined ? {} : { after: next }) },
      PAGE_SIZE,
    );
    next = read.next;
    found = read.found.filter(one =>
      filter.accepts(one.tags ?? {}, property => (property === 'name' ? one.name : one.provisioningState)),
    );
  } while (found.length === 0 && next !== undefined);
  return { status: 200, body: pageBody(found, page, url, shownDeployment, ({ key }) => key, next) };
}

async function status({ services: { store } }: DeploymentMeans, { params }: ArmRequest): Promise<ArmResponse> {
  const { operationId: id = '' } = params;
  const operation = await findOperation(store.db, id);
  if (operation === undefined || operation.targetKey !== deploymentId(params).toLowerCase()) {
    throw armError('OperationNotFound', { id });
  }
  const { status: found, error } = operation;
  const headers = found === 'InProgress' ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {};
  const said = { status: found === 'InProgress' ? 'Running' : found, ...(error === undefined ? {} : { error }) };
  return { status: 200, headers, body: said };
}
