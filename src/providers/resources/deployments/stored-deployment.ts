import { createHash } from 'node:crypto';
import type { Output } from '../../../arm/deployments/outputs.ts';
import { typedNameOf } from '../../../arm/deployments/resource-id.ts';
import { armError } from '../../../errors/arm.ts';
import { resourcesError } from '../../../errors/resources.ts';
import { findOperation } from '../../../store/operations.ts';
import { findResource, insertResource, type StoredResource, updateResource } from '../../../store/resources.ts';
import type { StoreTransaction } from '../../../store/store.ts';
import { requireLivingGroup } from '../../living-group.ts';
import type { ArmRequest } from '../../provider.ts';
import type { DeploymentView, ResourceView } from './evaluation-protocol.ts';

type Json = Readonly<Record<string, unknown>>;
type Db = Pick<StoreTransaction, 'selectFrom'>;

export const DEPLOYMENT_TYPE = 'Microsoft.Resources/deployments';
export const OPERATION_TYPE = 'Microsoft.Resources/deployments/operations';

const NAME = /^[\w.()-]{1,64}$/;
const ACTIVE = ['Accepted', 'Running'];

/** What the service keeps of a deployment besides what it shows. */
export interface DeploymentState {
  /** Of the operation that deploys it; for one inside of another, of the outermost one's. */
  readonly operationId: string | undefined;
  readonly startedAt: string;
  readonly template: Json;
  /** The values of its parameters as they were given, as long as it is at work. */
  readonly sealed: string | undefined;
}

/** @throws KilnError `InvalidResourceName`. */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  const rule = "1 to 64 letters, digits, '_', '-', '(', ')' and '.'";
  throw armError('InvalidResourceName', { name, type: DEPLOYMENT_TYPE, rule });
}

/** @throws KilnError `DeploymentNotFound`. */
export async function requireDeployment(db: Db, { params }: ArmRequest): Promise<StoredResource> {
  const { deploymentName: deployment = '' } = params;
  const found = await findResource(db, deploymentId(params));
  if (found === undefined) throw resourcesError('DeploymentNotFound', { deployment });
  return found;
}

export function deploymentId(params: ArmRequest['params']): string {
  const { subscriptionId, resourceGroupName, deploymentName } = params;
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/${DEPLOYMENT_TYPE}/${deploymentName}`;
}

export function isActive({ provisioningState }: StoredResource): boolean {
  return ACTIVE.includes(provisioningState);
}

export function stateOf({ internal }: StoredResource): DeploymentState {
  const { operationId, startedAt, template, sealed } = internal;
  return {
    operationId: typeof operationId === 'string' ? operationId : undefined,
    startedAt: String(startedAt),
    template: (template ?? {}) as Json,
    sealed: typeof sealed === 'string' ? sealed : undefined,
  };
}

export function shownDeployment({ id, name, tags, body, provisioningState }: StoredResource): Json {
  const properties = { ...propertiesOf(body), provisioningState };
  return { id, name, type: DEPLOYMENT_TYPE, ...(Object.keys(tags ?? {}).length === 0 ? {} : { tags }), properties };
}

/** What is known of a deployment before it begins. */
export function plannedProperties(
  view: DeploymentView,
  given: { readonly mode: string; readonly templateHash: string; readonly correlationId: string; readonly now: string },
): Json {
  const { mode, templateHash, correlationId, now: timestamp } = given;
  return {
    templateHash,
    parameters: shownParameters(view),
    mode,
    timestamp,
    duration: 'PT0S',
    correlationId,
    providers: providersOf(view.resources),
    dependencies: dependenciesOf(view.resources),
  };
}

/**
 * Keeps a deployment that is at work from being replaced or deleted. One inside of another may have been left by a
 * crash in a state in which nothing goes on any more.
 *
 * @param own id of the operation that asks, if it may go on with what it had begun before a crash
 * @throws KilnError `DeploymentActive`.
 */
export async function refuseWhileActive(db: Db, found: StoredResource | undefined, own?: string): Promise<void> {
  if (found === undefined || !isActive(found)) return;
  const { operationId, startedAt } = stateOf(found);
  if (operationId === undefined || operationId === own) return;
  const operation = await findOperation(db, operationId);
  if (operation?.status !== 'InProgress') return;
  throw resourcesError('DeploymentActive', { deployment: found.name, since: startedAt });
}

/** Makes the record of a deployment, or makes that of an earlier one its own. */
export async function putDeployment(
  trx: StoreTransaction,
  id: string,
  put: {
    readonly properties: Json;
    readonly state: DeploymentState;
    readonly provisioningState: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly createdBy: string | undefined;
  },
): Promise<{ readonly resource: StoredResource; readonly made: boolean }> {
  const { properties, state, provisioningState, tags, createdBy } = put;
  const own = { body: { properties }, internal: { ...state }, provisioningState, tags };
  const changed = await updateResource(trx, id.toLowerCase(), own);
  if (changed !== undefined) return { resource: changed, made: false };
  await requireLivingGroup(trx, id);
  const resource = await insertResource(trx, {
    ...{ id, type: DEPLOYMENT_TYPE, parentKey: undefined, location: undefined, createdBy },
    ...own,
  });
  return { resource, made: true };
}

/** Notes the end of a deployment. One that has ended already stays as it is. */
export async function endDeployment(
  trx: StoreTransaction,
  key: string,
  end: { readonly provisioningState: 'Succeeded' | 'Failed' | 'Canceled' } & Json,
): Promise<void> {
  const found = await findResource(trx, key);
  if (found === undefined || !isActive(found)) return;
  const { provisioningState, ...more } = end;
  const state = stateOf(found);
  const now = new Date();
  const seconds = (now.getTime() - new Date(state.startedAt).getTime()) / 1000;
  const properties = {
    ...propertiesOf(found.body),
    timestamp: now.toISOString(),
    duration: `PT${Math.max(0, seconds).toFixed(3)}S`,
    ...more,
  };
  // The values of parameters have done their work.
  const internal = { ...state, sealed: undefined };
  await updateResource(trx, key, { body: { properties }, internal, provisioningState });
}

/** Values of secure outputs stay unsaid. */
export function shownOutputs(outputs: Readonly<Record<string, Output>>): Json {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, value, secret }]) => {
      return [name, { type: typeName(type), ...(secret ? {} : { value }) }];
    }),
  );
}

/** The record of what was done for one resource of a deployment. */
export function operationKey(deploymentKey: string, resourceId: string): string {
  const name = createHash('sha256').update(resourceId.toLowerCase()).digest('hex').slice(0, 16);
  return `${deploymentKey}/operations/${name}`;
}

function shownParameters({ parameters }: DeploymentView): Json {
  return Object.fromEntries(
    parameters.map(({ name, type, value, secret }) => [name, { type: typeName(type), ...(secret ? {} : { value }) }]),
  );
}

function typeName(type: string): string {
  const names: Readonly<Record<string, string>> = { securestring: 'SecureString', secureobject: 'SecureObject' };
  return names[type.toLowerCase()] ?? type.charAt(0).toUpperCase() + type.slice(1).toLowerCase();
}

function providersOf(resources: readonly ResourceView[]) {
  const namespaces = Map.groupBy(resources, ({ type }) => type.split('/')[0] ?? '');
  return [...namespaces].map(([namespace, own]) => {
    const types = Map.groupBy(own, ({ type }) => type.split('/').slice(1).join('/'));
    const resourceTypes = [...types].map(([resourceType, all]) => ({
      resourceType,
      locations: [
        ...new Set(all.map(({ body }) => (typeof body?.['location'] === 'string' ? body['location'] : null))),
      ],
    }));
    return { namespace, resourceTypes };
  });
}

function dependenciesOf(resources: readonly ResourceView[]) {
  return resources
    .filter(({ dependsOn }) => dependsOn.length > 0)
    .map(({ id, dependsOn }) => ({ dependsOn: dependsOn.map(named), ...named(id) }));
}

export function named(id: string) {
  const { type, name } = typedNameOf(id) ?? { type: '', name: '' };
  return { id, resourceType: type, resourceName: name };
}

function propertiesOf(body: Json): Json {
  return (body['properties'] ?? {}) as Json;
}
