import { armError } from '../../../errors/arm.ts';
import { KilnError } from '../../../errors/kiln-error.ts';
import { resourcesError } from '../../../errors/resources.ts';
import type { Provider } from '../../provider.ts';
import type { ProviderServices } from '../../services.ts';
import { errorOf, type InternalClient } from '../internal-client.ts';
import { findGroup } from '../resource-groups.ts';
import type { DeploymentView, EvaluationInput, ResourceView } from './evaluation-protocol.ts';
import { Evaluation, type EvaluationProcess } from './evaluator.ts';

const GROUP_VERSION = '2021-04-01';

/** What a deployment is, apart from its template. */
export interface DeploymentPlace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** Begins to evaluate a template for a resource group, with what is there. */
export async function evaluation(
  services: ProviderServices,
  evaluator: EvaluationProcess,
  client: InternalClient,
  place: DeploymentPlace,
  given: Pick<EvaluationInput, 'template' | 'parameters' | 'now' | 'seed'>,
): Promise<Evaluation> {
  const { subscriptionId, resourceGroup, name: deploymentName } = place;
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  const group = await findGroup(services.store.db, id);
  if (group === undefined) throw armError('ResourceGroupNotFound', { resourceGroup });
  const subscription = services.subscriptions.find(one => one.id.toLowerCase() === subscriptionId.toLowerCase());
  const input: EvaluationInput = {
    ...given,
    deploymentName,
    subscription: {
      id: subscription?.id ?? subscriptionId,
      tenantId: services.tenantId,
      displayName: subscription?.name ?? '',
    },
    resourceGroup: {
      id: group.id,
      name: group.id.slice(group.id.lastIndexOf('/') + 1),
      location: group.location,
      tags: JSON.parse(group.tags) as Record<string, string>,
    },
  };
  return new Evaluation(evaluator, crypto.randomUUID(), input, (target, apiVersion) =>
    read(client, target, apiVersion),
  );
}

/** The state of a resource, as a client reads it; `undefined` when there is none. */
export async function read(client: InternalClient, id: string, apiVersion: string | undefined): Promise<unknown> {
  const answer = await client.send('GET', id, apiVersion ?? GROUP_VERSION);
  if (answer.status === 404) return undefined;
  if (answer.status < 400) return answer.body;
  const { code, message } = errorOf(answer);
  throw new KilnError(code, 2, message, '', { status: answer.status, target: id });
}

/** A resource that is to be deployed, in the deployment inside of which it is. */
export interface PlannedResource {
  readonly resource: ResourceView;
  /** Ids of the deployments around it. */
  readonly at: readonly string[];
}

/** All resources of a deployment, those of deployments inside of it too if these do not have to wait for what others will be. */
export async function plannedResources(
  evaluation: Evaluation,
  view: DeploymentView,
  at: readonly string[] = [],
): Promise<readonly PlannedResource[]> {
  const all: PlannedResource[] = [];
  for (const resource of view.resources) {
    all.push({ resource, at });
    if (!resource.isDeployment || resource.body === undefined) continue;
    const inside = [...at, resource.id];
    all.push(...(await plannedResources(evaluation, await evaluation.template(inside), inside)));
  }
  return all;
}

/**
 * Sees whether the service can take the resources at all, before anything is made.
 *
 * @throws KilnError `InvalidTemplateDeployment`
 */
export async function preflight(
  services: ProviderServices,
  providers: readonly Provider[],
  planned: readonly PlannedResource[],
  deployment: { readonly name: string; readonly correlationId: string },
): Promise<void> {
  const groups = new Map<string, boolean>();
  const details = [];
  for (const { resource } of planned) {
    const error = refusal(providers, resource) ?? (await groupRefusal(services, resource.id, groups));
    if (error !== undefined) details.push({ code: error.code, message: error.message, target: resource.id });
  }
  if (details.length === 0) return;
  const { name, correlationId: tracking } = deployment;
  throw resourcesError('InvalidTemplateDeployment', { deployment: name, tracking }, { details });
}

function refusal(providers: readonly Provider[], resource: ResourceView): KilnError | undefined {
  const { type, apiVersion, body, isDeployment } = resource;
  if (isDeployment) return undefined;
  const [given = '', ...rest] = type.split('/');
  const provider = providers.find(({ namespace }) => namespace.toLowerCase() === given.toLowerCase());
  if (provider === undefined) {
    const known = providers.map(({ namespace }) => namespace).join(', ');
    return armError('InvalidResourceNamespace', { namespace: given, known });
  }
  const wanted = rest.join('/').toLowerCase();
  const found = provider.types.find(({ resourceType }) => resourceType.toLowerCase() === wanted);
  if (found === undefined) return armError('InvalidResourceType', { namespace: provider.namespace, apiVersion });
  const only = provider.onlyApiVersions;
  const location = body?.['location'];
  if (only !== undefined && !only.some(version => version.toLowerCase() === apiVersion.toLowerCase())) {
    const supported = only.join(', ');
    const where = typeof location === 'string' ? location : 'global';
    return armError('NoRegisteredProviderFound', { location: where, apiVersion, type: rest.join('/'), supported });
  }
  return found.tracked && body !== undefined && location === undefined ? armError('LocationRequired', {}) : undefined;
}

async function groupRefusal(
  { store }: ProviderServices,
  id: string,
  known: Map<string, boolean>,
): Promise<KilnError | undefined> {
  const [group, resourceGroup = ''] = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(id) ?? [];
  if (group === undefined) return undefined;
  const key = group.toLowerCase();
  const there = known.get(key) ?? (await findGroup(store.db, key)) !== undefined;
  known.set(key, there);
  return there ? undefined : armError('ResourceGroupNotFound', { resourceGroup });
}
