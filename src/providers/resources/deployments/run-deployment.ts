import { saidOf } from '../../../arm/error-body.ts';
import { KilnError } from '../../../errors/kiln-error.ts';
import { resourcesError } from '../../../errors/resources.ts';
import type { OperationWork } from '../../../jobs/operation-runner.ts';
import { endOperation, type OperationRecord } from '../../../store/operations.ts';
import { findResource, type removeResource, type StoredResource } from '../../../store/resources.ts';
import type { Provider } from '../../provider.ts';
import { isObject } from '../../request-body.ts';
import type { ProviderServices } from '../../services.ts';
import { removeResources, resourceRemover } from '../delete-group.ts';
import { type AnswerError, behalfIn, InternalClient } from '../internal-client.ts';
import { type InventoryRow, inventory } from '../inventory.ts';
import { type Deployed, type Deploying, deployAll, Turns } from './deploy-resources.ts';
import { templateHash } from './deployment-body.ts';
import type { DeploymentView } from './evaluation-protocol.ts';
import type { Evaluation, EvaluationProcess } from './evaluator.ts';
import { evaluation as beginEvaluation } from './plan-deployment.ts';
import type { Seal } from './sealed.ts';
import {
  endDeployment,
  isActive,
  named,
  OPERATION_TYPE,
  plannedProperties,
  putDeployment,
  refuseWhileActive,
  shownOutputs,
  stateOf,
} from './stored-deployment.ts';

type Json = Readonly<Record<string, unknown>>;

export const DEPLOY = 'Microsoft.Resources/deploy';

/** What a deployment's operation has kept, besides for whom it is. */
export interface DeploymentOrder {
  readonly mode: 'Incremental' | 'Complete';
  /** What `utcNow()` and `newGuid()` are made of, so that they stay the same after a crash. */
  readonly now: string;
  readonly seed: string;
}

/** The deployments that one operation deploys, by their keys: itself and those inside of it. */
interface Names {
  /** Those at work, with the time (ISO 8601) of their beginning. */
  readonly active: Map<string, string>;
  /** Those inside that this service has begun, ended or not. */
  readonly begun: Set<string>;
}

interface Means {
  readonly services: ProviderServices;
  readonly providers: () => readonly Provider[];
  readonly evaluator: EvaluationProcess;
  readonly seal: Seal;
}

/** Deploys what a deployment's template says. Begun again after a crash, it goes on where the records end. */
export function deploy(means: Means): OperationWork {
  const { store } = means.services;
  return {
    kind: DEPLOY,
    run: async (operation, signal) => {
      const found = await findResource(store.db, operation.targetKey);
      if (found === undefined || !isActive(found)) return undefined;
      const end = await run(means, operation, found, signal);
      await store.write(async trx => {
        // One that was canceled has ended, and so has its operation.
        await endDeployment(trx, found.key, end);
        const { provisioningState: status, error } = end;
        await endOperation(trx, operation.id, { status, ...(error === undefined ? {} : { error }) });
      });
      return undefined;
    },
    failed: async (trx, { targetKey }, error) => {
      await endDeployment(trx, targetKey, { provisioningState: 'Failed', error: saidOf(error) });
    },
  };
}

type End = Json & { readonly provisioningState: 'Succeeded' | 'Failed'; readonly error?: AnswerError };

async function run(means: Means, operation: OperationRecord, found: StoredResource, signal: AbortSignal): Promise<End> {
  const { services, evaluator, seal } = means;
  const { store } = services;
  const behalf = behalfIn(operation.input);
  const order = orderIn(operation.input);
  const client = new InternalClient(services, behalf);
  const { sealed, template, startedAt } = stateOf(found);
  const parameters = sealed === undefined ? {} : await seal.open(sealed);
  const [, subscriptionId = '', , resourceGroup = ''] = found.id.slice(1).split('/');
  const place = { subscriptionId, resourceGroup, name: found.name };
  const given = { template, parameters: isObject(parameters) ? parameters : {}, now: order.now, seed: order.seed };
  const evaluation = await beginEvaluation(services, evaluator, client, place, given);
  const secrets = new Set<string>();
  const names: Names = { active: new Map([[found.key, startedAt]]), begun: new Set() };
  const scrub = (error: AnswerError) => withoutSecrets(error, secrets);
  try {
    await store.write(trx =>
      trx
        .updateTable('resources')
        .set({ provisioning_state: 'Running' })
        .where('key', '=', found.key)
        .where('provisioning_state', '=', 'Accepted')
        .execute(),
    );
    const view = await evaluation.template();
    for (const secret of view.secrets) secrets.add(secret);
    const deploying: Deploying = {
      ...{ store, evaluation, client, signal, scrub },
      turns: new Turns(),
      within: async (resource, at, work) => {
        const inner = await evaluation.template(at);
        for (const secret of inner.secrets) secrets.add(secret);
        return within(
          means,
          operation,
          evaluation,
          names,
          { at, view: inner, template: templateIn(template, resource.path) },
          work,
        );
      },
    };
    const { whole, errors, ids } = await deployAll(deploying, view, [], found.key);
    const removal = whole && order.mode === 'Complete' ? await removeOthers(means, operation, view, ids, signal) : [];
    const details = [...errors, ...removal.map(scrub)];
    const outputResources = ids.map(id => ({ id }));
    if (details.length > 0) {
      const said = saidOf(resourcesError('DeploymentFailed', {}));
      return { provisioningState: 'Failed', error: { ...said, target: found.id, details }, outputResources };
    }
    const outputs = shownOutputs(await evaluation.outputs());
    return { provisioningState: 'Succeeded', outputs, outputResources };
  } catch (error) {
    if (signal.aborted || !(error instanceof KilnError)) throw error;
    return { provisioningState: 'Failed', error: { ...scrub(saidOf(error)), target: found.id } };
  } finally {
    await evaluation.close();
  }
}

/**
 * A deployment inside of another has a record like any.
 *
 * @throws KilnError `DeploymentActive` if one with its id is at work: another, one that it is inside of, or one beside it.
 */
async function within(
  { services: { store } }: Means,
  operation: OperationRecord,
  evaluation: Evaluation,
  { active, begun }: Names,
  nested: { readonly at: readonly string[]; readonly view: DeploymentView; readonly template: Json },
  work: (view: DeploymentView) => Promise<Deployed>,
): Promise<Deployed> {
  const { at, view, template } = nested;
  const id = at.at(-1) ?? '';
  const key = id.toLowerCase();
  const now = new Date().toISOString();
  const { correlationId, id: operationId } = operation;
  const planned = { mode: 'Incremental', templateHash: templateHash(template), correlationId, now };
  const since = active.get(key);
  if (since !== undefined) throw resourcesError('DeploymentActive', { deployment: named(id).resourceName, since });
  active.set(key, now);
  const end = (state: Parameters<typeof endDeployment>[2]) => store.write(trx => endDeployment(trx, key, state));
  let recorded = false;
  try {
    await store.write(async trx => {
      const found = await findResource(trx, key);
      await refuseWhileActive(trx, found, operationId);
      // Only what this very operation did before a crash is not done again.
      const interrupted = found !== undefined && stateOf(found).operationId === operationId && !begun.has(key);
      if (!interrupted) await forgetRecords(trx, key);
      await putDeployment(trx, id, {
        properties: plannedProperties(view, planned),
        state: { operationId, startedAt: now, template, sealed: undefined },
        provisioningState: 'Running',
        tags: {},
        createdBy: undefined,
      });
    });
    recorded = true;
    begun.add(key);
    const deployed = await work(view);
    if (!deployed.whole) {
      const said = saidOf(resourcesError('DeploymentFailed', {}));
      await end({ provisioningState: 'Failed', error: { ...said, target: id, details: deployed.errors } });
      return deployed;
    }
    const outputs = await evaluation.outputs(at);
    evaluation.add(id, { id, properties: { provisioningState: 'Succeeded', outputs } });
    await end({ provisioningState: 'Succeeded', outputs: shownOutputs(outputs) });
    return deployed;
  } catch (error) {
    // The record that is there may be another's.
    if (!recorded) throw error;
    const canceled = error instanceof KilnError && error.code === 'DeploymentCanceled';
    if (canceled) await end({ provisioningState: 'Canceled' });
    else if (error instanceof KilnError) await end({ provisioningState: 'Failed', error: saidOf(error) });
    throw error;
  } finally {
    active.delete(key);
  }
}

/** Of `Complete`: what is in the resource group and not in the template goes. Returns what was said of what stays. */
async function removeOthers(
  { services, providers }: Means,
  operation: OperationRecord,
  view: DeploymentView,
  deployed: readonly string[],
  signal: AbortSignal,
): Promise<readonly AnswerError[]> {
  const [groupKey = ''] = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/.exec(operation.targetKey) ?? [];
  const kept = new Set([...view.resources.map(({ id }) => id), ...deployed].map(topOf));
  const others = async (): Promise<readonly InventoryRow[]> => {
    const all = await inventory(services.store.db, { scopeKey: groupKey });
    const tops = new Set(
      all
        .filter(({ key, location }) => location !== null && topOf(key) === key && !kept.has(key))
        .map(({ key }) => key),
    );
    return all.filter(({ key }) => tops.has(topOf(key)));
  };
  const refused = await removeResources(others, resourceRemover(services, providers, operation, signal));
  return refused.map(([{ id }, error]) => ({ ...error, target: id }));
}

/** Key of the resource of the first level that an id is about: `.../galleries/site` of a version in it. */
function topOf(id: string): string {
  const key = id.toLowerCase();
  const [top] = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+/.exec(key) ?? [];
  return top ?? key;
}

function templateIn(template: Json, path: readonly (string | number)[]): Json {
  let value: unknown = template;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return {};
    value = Object.entries(value).find(([name]) => name === String(segment))?.[1];
  }
  const properties = isObject(value) ? memberOf(value, 'properties') : undefined;
  const inner = isObject(properties) ? memberOf(properties, 'template') : undefined;
  return isObject(inner) ? inner : {};
}

function memberOf(object: Json, name: string): unknown {
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];
}

function orderIn(input: unknown): DeploymentOrder {
  const { mode, now, seed } = isObject(input) ? input : {};
  return { mode: mode === 'Complete' ? 'Complete' : 'Incremental', now: String(now), seed: String(seed) };
}

const SHORTEST_SECRET = 4;

/** What providers say may repeat what they were given. */
function withoutSecrets(error: AnswerError, secrets: ReadonlySet<string>): AnswerError {
  const texts = [...secrets].filter(text => text.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  const clean = (text: string) => texts.reduce((left, secret) => left.replaceAll(secret, '***'), text);
  const { message, target, details } = error;
  return {
    ...error,
    message: clean(message),
    ...(target === undefined ? {} : { target: clean(target) }),
    ...(details === undefined ? {} : { details: details.map(one => withoutSecrets(one, secrets)) }),
  };
}

/** Forgets what was done for an earlier deployment of the same name. */
export async function forgetRecords(trx: Parameters<typeof removeResource>[0], deploymentKey: string): Promise<void> {
  await trx
    .deleteFrom('resources')
    .where('parent_key', '=', deploymentKey)
    .where('type', '=', OPERATION_TYPE)
    .execute();
}
