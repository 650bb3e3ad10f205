import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { findResource, pageOfResources, type StoredResource } from '../../store/resources.ts';
import { lastRuns, type RunRecord } from '../../store/runs.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import type { ApiVersion } from '../../template/model.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { notFound } from '../stored-type.ts';
import { TEMPLATE, TEMPLATE_TYPE, TEMPLATES, TEMPLATES_OF_SUBSCRIPTION } from './places.ts';
import { showTemplate } from './show-template.ts';
import { type StoredTemplate, storedTemplate } from './stored-template.ts';

/** Operations that read templates. */
export function templateReads(store: Store): readonly ArmOperation[] {
  const read = { method: 'GET', action: `${TEMPLATE_TYPE}/read`, fromDatabase: true } as const;
  return [
    { ...read, path: TEMPLATE, handle: request => getTemplate(store, request) },
    { ...read, path: TEMPLATES, handle: request => listTemplates(store, request) },
    { ...read, path: TEMPLATES_OF_SUBSCRIPTION, handle: request => listTemplates(store, request) },
  ];
}

async function getTemplate(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const { resource } = await requireTemplate(store.db, templateId(request));
  return { status: 200, body: await shown(store, resource, request) };
}

/** A template as the caller of a request sees it. */
export async function shown(store: Store, resource: StoredResource, request: ArmRequest) {
  const runs = await lastRuns(store.db, [resource.key]);
  return showTemplate(resource, runs.get(resource.key), request.apiVersion as ApiVersion, request.baseUrl);
}

async function listTemplates(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const { subscriptionId = '', resourceGroupName } = request.params;
  const page = pageOf(request.url.searchParams);
  const query = {
    type: TEMPLATE_TYPE,
    ...(resourceGroupName === undefined
      ? { subscription: subscriptionId }
      : { resourceGroupKey: `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}` }),
    ...(page.after === undefined ? {} : { after: page.after }),
  };
  const { found, next } = await pageOfResources(store.db, query, page.size);
  const runs = await lastRuns(
    store.db,
    found.map(({ key }) => key),
  );
  const show = (one: StoredResource) =>
    showTemplate(one, runs.get(one.key), request.apiVersion as ApiVersion, request.baseUrl);
  return { status: 200, body: pageBody(found, page, request.url, show, one => one.key, next) };
}

/** Id of the template that a request is about, or about something below which. */
export function templateId({ id }: Pick<ArmRequest, 'id'>): string {
  return id.split('/').slice(0, 9).join('/');
}

/** @throws KilnError `ResourceNotFound`. */
export async function requireTemplate(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<StoredTemplate> {
  const resource = await findResource(db, id);
  if (resource === undefined) throw notFound(id);
  return storedTemplate(resource);
}

/** The newest run of a template. */
export async function lastRun(db: Pick<Store['db'], 'selectFrom'>, key: string): Promise<RunRecord | undefined> {
  return (await lastRuns(db, [key])).get(key);
}

export function isActive(run: RunRecord | undefined): boolean {
  return run?.status === 'Queued' || run?.status === 'Running';
}

/**
 * Refuses what cannot be done to a template that is being made, changed or deleted, or that runs.
 *
 * @throws KilnError `OperationNotAllowed`, in the service's words.
 */
export function refuseBusy(operation: string, { resource }: StoredTemplate, run: RunRecord | undefined): void {
  const provisioning = resource.provisioningState;
  const runState = isActive(run) ? (run?.cancelRequested ? 'canceling' : 'running') : undefined;
  if (runState !== undefined) {
    const state = `in provisioning state: provisioned or run state: ${runState}`;
    throw notAllowed(operation, state);
  }
  if (!['Creating', 'Updating', 'Deleting'].includes(provisioning)) return;
  const state = `in provisioningState: '${provisioning.toLowerCase()}'`;
  throw notAllowed(operation, state);
}

/** What a template's state does not allow, with the recorded status. */
export function notAllowed(operation: string, state: string, todo?: string) {
  return armError(
    'OperationNotAllowed',
    { operation: `${TEMPLATE_TYPE}/${operation}`, state, ...(todo === undefined ? {} : { todo }) },
    { status: 405 },
  );
}
