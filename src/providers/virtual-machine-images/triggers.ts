import { pollingHeaders } from '../../arm/long-running.ts';
import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { keyOf, parseGalleryImageId } from '../../galleries/resource-id.ts';
import { beginOperation, endOperation } from '../../store/operations.ts';
import {
  findResource,
  insertResource,
  listResources,
  pageOfResources,
  removeResource,
  type StoredResource,
  updateResource,
} from '../../store/resources.ts';
import type { ApiVersion, ImageTemplate } from '../../template/model.ts';
import { isAtLeast, isStrict } from '../../template/versions.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import { describe } from './feasibility.ts';
import { operationUrl } from './operation-url.ts';
import { NAMESPACE, TRIGGER, TRIGGER_TYPE, TRIGGERS, VERSIONS } from './places.ts';
import type { StoredTemplate } from './stored-template.ts';
import { requireTemplate, templateId } from './templates.ts';

/** Of one region in one subscription. */
const MOST = 100;
const NAME = /^[A-Za-z0-9-_.]{1,64}$/;
const SINCE = '2022-07-01';

/** What the service knows of a trigger. */
export interface TriggerState {
  /** What the source was when it was last looked at. */
  readonly lastSource: string;
  /** Runs in succession that this trigger began and that failed. */
  readonly failures: number;
  /** The last run that it began. */
  readonly lastRun: string;
}

/** Operations on the triggers of a template. */
export function triggerOperations(services: ProviderServices): readonly ArmOperation[] {
  const read = `${TRIGGER_TYPE}/read`;
  return [
    { method: 'GET', path: TRIGGERS, action: read, handle: since(request => list(services, request)) },
    { method: 'GET', path: TRIGGER, action: read, handle: since(request => get(services, request)) },
    { method: 'PUT', path: TRIGGER, action: `${TRIGGER_TYPE}/write`, handle: since(request => put(services, request)) },
    {
      method: 'DELETE',
      path: TRIGGER,
      action: `${TRIGGER_TYPE}/delete`,
      handle: since(request => remove(services, request)),
    },
  ];
}

/** Versions before triggers have none. */
function since(handle: ArmOperation['handle']): ArmOperation['handle'] {
  return async request => {
    if (isAtLeast(request.apiVersion as ApiVersion, SINCE)) return handle(request);
    const supported = VERSIONS.filter(version => isAtLeast(version as ApiVersion, SINCE)).join(', ');
    const { apiVersion } = request;
    throw armError('NoRegisteredProviderFound', {
      location: 'global',
      apiVersion,
      type: 'imageTemplates/triggers',
      supported,
    });
  };
}

async function list({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { resource } = await requireTemplate(store.db, templateId(request));
  const page = pageOf(request.url.searchParams);
  const query = {
    type: TRIGGER_TYPE,
    parentKey: resource.key,
    ...(page.after === undefined ? {} : { after: page.after }),
  };
  const { found, next } = await pageOfResources(store.db, query, page.size);
  return { status: 200, body: pageBody(found, page, request.url, show, one => one.key, next) };
}

async function get({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  await requireTemplate(store.db, templateId(request));
  const found = await findResource(store.db, request.id);
  if (found === undefined) throw notFound(request.id);
  return { status: 200, body: show(found) };
}

async function put(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const name = request.params['triggerName'] ?? '';
  if (!NAME.test(name)) {
    throw armError('InvalidResourceName', {
      name,
      type: TRIGGER_TYPE,
      rule: 'it has 1 to 64 letters, digits, `-`, `_` and `.`',
    });
  }
  const template = await requireTemplate(store.db, templateId(request));
  const kind = kindIn(request);
  checkTemplate(template);
  const { subscription = '' } = template.resource;
  const { exactName } = await describe(template.state.template, subscription, services);
  const { resource, made } = await store.write(async trx => {
    // It may have been deleted meanwhile.
    checkTemplate(await requireTemplate(trx, template.resource.key));
    const found = await findResource(trx, request.id);
    const body = {
      properties: { kind, status: { code: 'Healthy', message: 'Trigger is active', time: new Date().toISOString() } },
    };
    const state: TriggerState = { lastSource: exactName, failures: 0, lastRun: '' };
    if (found !== undefined) {
      // A trigger that was deactivated begins anew; one that is active keeps what it knows.
      const healthy = (found.body['properties'] as { status?: { code?: string } }).status?.code === 'Healthy';
      if (healthy) return { resource: found, made: false };
      return {
        resource: (await updateResource(trx, found.key, { body, internal: { ...state } })) ?? found,
        made: false,
      };
    }
    const others = await listResources(trx, { type: TRIGGER_TYPE, subscription });
    const sibling = others.find(({ parentKey }) => parentKey === template.resource.key);
    if (sibling !== undefined) {
      throw armError('Conflict', {
        message: `The image template has a trigger of kind SourceImage already: ${sibling.name}.`,
        todo: 'Delete that one first.',
      });
    }
    if (others.filter(({ location }) => location === template.resource.location).length >= MOST) {
      const message = `There are ${MOST} triggers in ${template.resource.location} in this subscription, the most that there can be.`;
      throw armError('Conflict', { message, todo: 'Delete triggers that are not needed any more.' });
    }
    const resource = await insertResource(trx, {
      id: request.id,
      type: TRIGGER_TYPE,
      parentKey: template.resource.key,
      location: template.resource.location,
      tags: undefined,
      body,
      internal: { ...state },
      provisioningState: 'Succeeded',
      createdBy: request.caller.objectId,
    });
    await beginOperation(trx, {
      id: request.requestId,
      kind: 'TriggerCreate',
      targetKey: resource.key,
      subscription,
      location: template.resource.location ?? '',
      input: null,
      correlationId: request.correlationId,
    });
    await endOperation(trx, request.requestId, { status: 'Succeeded' });
    return { resource, made: true };
  });
  const url = operationUrl(request, template.resource.location ?? '', request.requestId);
  return {
    status: made ? 201 : 200,
    ...(made ? { headers: pollingHeaders(url, new Set(['Azure-AsyncOperation'])) } : {}),
    body: show(resource),
  };
}

async function remove({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const removed = await store.write(async trx => {
    const found = await findResource(trx, request.id);
    if (found === undefined) return undefined;
    await removeResource(trx, found.key);
    await beginOperation(trx, {
      id: request.requestId,
      kind: 'TriggerDelete',
      targetKey: found.key,
      subscription: found.subscription ?? '',
      location: found.location ?? '',
      input: null,
      correlationId: request.correlationId,
    });
    await endOperation(trx, request.requestId, { status: 'Succeeded' });
    return found;
  });
  if (removed === undefined) return { status: 204 };
  const url = operationUrl(request, removed.location ?? '', request.requestId);
  return { status: 202, headers: pollingHeaders(url, new Set(['Location'])) };
}

function show({ body, id, name, type, provisioningState }: StoredResource) {
  return { properties: { ...(body['properties'] as object), provisioningState }, id, name, type };
}

/** @throws KilnError `InvalidParameter` */
function kindIn(request: ArmRequest): 'SourceImage' {
  const { body } = request;
  const properties = objectIn(body, 'properties');
  const strict = isStrict(request.apiVersion as ApiVersion);
  const names = isObject(body) ? Object.keys(body) : [];
  const foreign = names.find(name => !['properties', 'id', 'name', 'type', 'systemData'].includes(name));
  if (strict && foreign !== undefined) {
    throw armError('InvalidParameter', { name: foreign, reason: 'a trigger has no such member' }, { target: foreign });
  }
  const { kind } = properties;
  const fits = strict ? kind === 'SourceImage' : String(kind).toLowerCase() === 'sourceimage';
  if (fits) return 'SourceImage';
  const reason = `it is \`${String(kind)}\`, and the only kind is \`SourceImage\``;
  throw armError('InvalidParameter', { name: 'properties.kind', reason }, { target: 'properties.kind' });
}

/**
 * Whether a template can be run by a trigger.
 *
 * @throws KilnError `InvalidParameter`, `OperationNotAllowed`
 */
function checkTemplate({ resource, state }: StoredTemplate): void {
  const { source, distribute } = state.template;
  const refuse = (reason: string) => armError('InvalidParameter', { name: 'properties.kind', reason });
  if (resource.provisioningState !== 'Succeeded') {
    const state = `in provisioningState: '${resource.provisioningState.toLowerCase()}' of the template`;
    const operation = `${NAMESPACE}/imageTemplates/triggers/write`;
    throw armError('OperationNotAllowed', { operation, state }, { status: 405 });
  }
  if (!hasLatest(source)) {
    throw refuse('the source of the template has an exact version; a trigger waits for a newer one and needs `latest`');
  }
  for (const target of distribute) {
    if (target.type !== 'SharedImage') continue;
    const { version, ...definition } = parseGalleryImageId(target.galleryImageId);
    if (version !== undefined) {
      throw refuse(
        `the target ${target.runOutputName} has the exact version ${version}, which can be published only once`,
      );
    }
    if (source.type !== 'SharedImageVersion') continue;
    const from = keyOf(source.imageVersionId).replace(/\/versions\/.*$/, '');
    const to = keyOf(target.galleryImageId);
    if (from === to)
      throw refuse(
        `the target ${target.runOutputName} is the definition ${definition.definition} that the source is of`,
      );
  }
}

function hasLatest(source: ImageTemplate['source']): boolean {
  if (source.type === 'PlatformImage') return source.version.toLowerCase() === 'latest';
  return source.type === 'SharedImageVersion' && /\/latest$/i.test(source.imageVersionId);
}
