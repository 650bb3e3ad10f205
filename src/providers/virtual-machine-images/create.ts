import { pollingHeaders } from '../../arm/long-running.ts';
import { armError } from '../../errors/arm.ts';
import { stableJson } from '../../plan/stable-json.ts';
import { beginOperation } from '../../store/operations.ts';
import { findResource, insertResource, updateResource } from '../../store/resources.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ApiVersion, ImageTemplate } from '../../template/model.ts';
import { requireLivingGroup } from '../living-group.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import { knownRegions } from '../resources/regions.ts';
import type { ProviderServices } from '../services.ts';
import { checkFeasible } from './feasibility.ts';
import { findIdentities } from './identities.ts';
import { operationUrl } from './operation-url.ts';
import { TEMPLATE_TYPE } from './places.ts';
import { type ReadTemplate, readTemplateBody } from './read-body.ts';
import { internalOf, storedTemplate, type TemplateState } from './stored-template.ts';
import { lastRun, refuseBusy, shown } from './templates.ts';

/** Code that makes a template ready; see `creation.ts`. */
export const CREATE = 'ImageTemplateCreate';

/**
 * `PUT` of a template: makes one, with the work left to an operation. One that is there already is not changed, unless the
 * site allows that; one that says the same is answered as it is.
 */
export async function putTemplate(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const {
    subscriptionId: subscription = '',
    resourceGroupName: resourceGroup = '',
    imageTemplateName = '',
  } = request.params;
  const read = readTemplateBody(request.text, request.body, {
    name: imageTemplateName,
    apiVersion: request.apiVersion as ApiVersion,
    regions: await knownRegions(services),
  });
  const found = await findResource(store.db, request.id);
  if (found === undefined || services.templates.allowUpdates) {
    await findIdentities(store.db, read.template, services.tenantId);
    await checkFeasible(read.template, { subscription, resourceGroup, own: found !== undefined }, services);
  }
  const { resource, work } = await store.write(trx => put(trx, services, request, read));
  if (work !== undefined) services.startOperation(work);
  const url = work === undefined ? undefined : operationUrl(request, read.template.location, work);
  return {
    status: work === undefined || found !== undefined ? 200 : 201,
    headers: {
      ...(url === undefined ? {} : pollingHeaders(url, new Set(['Azure-AsyncOperation']))),
      ...warningHeader(read),
    },
    body: await shown(store, resource, request),
  };
}

/** What the template has and the version does not define: said where it disturbs no client. */
export function warningHeader({ warnings }: Pick<ReadTemplate, 'warnings'>): Record<string, string> {
  const [first] = warnings;
  if (first === undefined) return {};
  const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more)` : '';
  const text = `${first.target ?? ''}: ${first.message}${more}`;
  return { 'x-kiln-warning': [...text].map(letter => (/[ -~]/.test(letter) ? letter : '?')).join('') };
}

async function put(trx: StoreTransaction, services: ProviderServices, request: ArmRequest, read: ReadTemplate) {
  const { template, properties, identity } = read;
  const found = await findResource(trx, request.id);
  const body = { properties, ...(identity === undefined ? {} : { identity }) };
  if (found === undefined) {
    await requireLivingGroup(trx, request.id);
    const work = await begin(trx, request, template);
    const resource = await insertResource(trx, {
      id: request.id,
      type: TEMPLATE_TYPE,
      parentKey: undefined,
      location: template.location,
      tags: template.tags,
      body,
      internal: internalOf(newState(template, request.apiVersion as ApiVersion, work)),
      provisioningState: 'Creating',
      createdBy: request.caller.objectId,
    });
    return { resource, work };
  }
  const stored = storedTemplate(found);
  const { allowUpdates, strictConflict } = services.templates;
  const { provisioningState } = found;
  if (provisioningState === 'Deleting') refuseBusy('write', stored, undefined);
  const sound = ['Succeeded', 'Creating', 'Updating'].includes(provisioningState);
  if (!strictConflict && sound && saysTheSame(stored.state.template, template)) {
    return { resource: found, work: undefined };
  }
  if (!allowUpdates) throw conflict(stored.state.provisioningError?.message);
  const run = await lastRun(trx, found.key);
  refuseBusy('write', stored, run);
  if (template.location !== found.location) {
    const { location: wanted } = template;
    throw armError('InvalidResourceLocation', { resource: found.name, found: found.location ?? '', wanted });
  }
  const work = await begin(trx, request, template);
  const resource = await updateResource(trx, found.key, {
    tags: template.tags,
    body,
    internal: internalOf({
      ...newState(template, request.apiVersion as ApiVersion, work),
      stagingGroup: stored.state.stagingGroup,
      storageAccount: stored.state.storageAccount,
    }),
    provisioningState: 'Updating',
  });
  return { resource: resource ?? found, work };
}

function begin(trx: StoreTransaction, request: ArmRequest, template: ImageTemplate): Promise<string> {
  return beginOperation(trx, {
    id: request.requestId,
    kind: CREATE,
    targetKey: request.id.toLowerCase(),
    subscription: request.params['subscriptionId'] ?? '',
    location: template.location,
    input: { id: request.id },
    correlationId: request.correlationId,
  });
}

function newState(template: ImageTemplate, apiVersion: ApiVersion, operationId: string): TemplateState {
  return {
    apiVersion,
    template,
    operationId,
    stagingGroup: '',
    storageAccount: '',
    exactVersion: '',
    artifacts: [],
    provisioningError: undefined,
    identities: {},
  };
}

/** Whether two templates mean the same, whatever version they are written in. */
function saysTheSame(one: ImageTemplate, other: ImageTemplate): boolean {
  const meaning = ({ apiVersion: _, ...rest }: ImageTemplate) => stableJson(rest);
  return meaning(one) === meaning(other);
}

function conflict(failure: string | undefined) {
  const why = failure === undefined ? '' : ` Its creation had failed: ${failure}`;
  return armError('Conflict', {
    message: `'Conflict'. Details: Update/Upgrade of image templates is currently not supported.${why}`,
    todo: 'Delete the template and create it again, or have the service allow updates (`service.allowUpdates`).',
  });
}
