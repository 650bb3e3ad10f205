import { randomUUID } from 'node:crypto';
import { parse as parsePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluateDeployment } from '../../arm/deployments/evaluate-deployment.ts';
import type { EvaluatedDeployment, EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { ExistingResources, type LookUp } from '../../arm/deployments/existing-resources.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import type { SiteConfig } from '../../config/site-config.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { ErrorDetail } from '../../errors/kiln-error.ts';
import type { Store } from '../../store/store.ts';
import type { JsonDocument } from '../../template/json-document.ts';
import { protect } from '../output.ts';
import { type DeclaredResource, declared } from './declared-resource.ts';
import type { DeploymentInput } from './deployment-input.ts';
import { MadeBefore } from './made-before.ts';
import { isImageTemplate, propertiesWithoutEffect, refuseOthers, withoutEffect } from './resource-types.ts';
import { storeLookUp } from './store-look-up.ts';

/** A deployment template, evaluated for this site. */
export interface Deployment {
  /** The image template that is to be built, and the way to it from the top of the file. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly path: EvaluatedResource['path'];
  readonly id: string;
  /** What has to be made before the build, in this order. */
  readonly declared: readonly DeclaredResource[];
  readonly madeBefore: MadeBefore;
  readonly warnings: readonly ErrorDetail[];
  /**
   * The outputs once the image is built; `null` for secure ones.
   *
   * @param store where the build has published
   * @throws KilnError those of `EvaluatedDeployment.outputs`
   */
  outputs(store: Store): Promise<Readonly<Record<string, unknown>>>;
  /** Values of secure parameters: none of them may be shown or logged. */
  readonly secrets: ReadonlySet<string>;
}

const NO_TENANT = '00000000-0000-0000-0000-000000000000';

/**
 * Evaluates a deployment template into the site's resource group, and finds the image template in it.
 *
 * @param lookUp for resources that are not in the deployment
 * @throws KilnError those of `evaluateDeployment`; `DeploymentResourceUnsupported`, `NoImageTemplate`
 */
export function readDeployment(
  file: string,
  document: JsonDocument,
  input: DeploymentInput,
  config: SiteConfig,
  lookUp: LookUp,
): Promise<Deployment> {
  const existing = new ExistingResources(lookUp);
  const now = new Date();
  const guids: string[] = [];
  return existing.settle(() => {
    // Whatever is evaluated again comes to the same.
    const given = guids.values();
    const newGuid = (): string => {
      const { value } = given.next();
      if (value !== undefined) return value;
      const made = randomUUID();
      guids.push(made);
      return made;
    };
    return evaluate(file, document, input, config, { existing, now, newGuid });
  });
}

interface Surroundings {
  readonly existing: ExistingResources;
  readonly now: Date;
  newGuid(): string;
}

function evaluate(
  file: string,
  document: JsonDocument,
  input: DeploymentInput,
  config: SiteConfig,
  { existing, now, newGuid }: Surroundings,
): Deployment {
  const { subscription, resourceGroup, location } = config;
  const states = new Map<string, unknown>();
  const runtime = (id: string) => states.get(id.toLowerCase());
  let outside = existing;
  const evaluated = evaluateDeployment(document.value, {
    parameters: input.parameters,
    ...(input.parametersFile === undefined ? {} : { parametersFile: input.parametersFile }),
    subscription: { id: subscription, tenantId: NO_TENANT, displayName: 'Kiln' },
    resourceGroup: {
      ...{ name: resourceGroup, location, tags: {} },
      id: `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`,
    },
    deploymentName: parsePath(file).name,
    templateUri: pathToFileURL(file).href,
    now,
    newGuid,
    // What a deployment inside of this one has made exists for what comes after it.
    existing: (id, apiVersion) => runtime(id) ?? outside.get(id, apiVersion),
    locate: path => document.locate(path),
  });
  protect(evaluated.secrets);
  const made: DeclaredResource[] = [];
  const resources: EvaluatedResource[] = [];
  const madeBefore = new MadeBefore();
  // In the order of the deployment: what comes later may ask for the state of what comes before.
  const walk = (deployment: EvaluatedDeployment, around: EvaluatedResource | undefined): void => {
    refuseOthers(deployment.resources, document);
    for (const resource of deployment.resources) {
      madeBefore.add(resource, around);
      if (resource.deployment !== undefined) {
        const nested = resource.deployment(runtime);
        walk(nested, resource);
        madeBefore.close(resource, nested.resources);
        states.set(resource.id.toLowerCase(), { properties: { outputs: nested.outputs(runtime) } });
        continue;
      }
      resources.push(resource);
      const body = withoutEffect(resource) === undefined ? (resource.body ?? resource.resolve(runtime)) : {};
      const one = declared(resource, body, document);
      if (one !== undefined) made.push(one);
      const state = { properties: propertiesWithoutEffect(resource), ...body, ...one?.resource };
      states.set(resource.id.toLowerCase(), state);
    }
  };
  walk(evaluated, undefined);
  const chosen = chooseTemplate(file, resources, input.templateName);
  const resource = chosen.body ?? chosen.resolve(runtime);
  return {
    resource,
    outputs: async store => {
      outside = new ExistingResources(storeLookUp(store));
      const named = Object.entries(await outside.settle(() => evaluated.outputs(runtime)));
      return Object.fromEntries(named.map(([name, { value, secret }]) => [name, secret ? null : value]));
    },
    path: chosen.path,
    id: chosen.id,
    declared: made,
    madeBefore,
    warnings: [
      ...resources.flatMap(resource => warningOf(resource, document)),
      ...made.flatMap(({ warnings }) => warnings),
    ],
    secrets: evaluated.secrets,
  };
}

function chooseTemplate(file: string, resources: readonly EvaluatedResource[], name: string | undefined) {
  const templates = resources.filter(isImageTemplate);
  const wanted =
    name === undefined ? templates : templates.filter(one => one.name.toLowerCase() === name.toLowerCase());
  const [first] = wanted;
  if (first === undefined || wanted.length > 1) {
    throw deploymentError('NoImageTemplate', { file, names: templates.map(one => one.name) });
  }
  return first;
}

function warningOf(resource: EvaluatedResource, document: JsonDocument): readonly ErrorDetail[] {
  const reason = withoutEffect(resource);
  if (reason === undefined) return [];
  const message = `The resource \`${resource.type}\` has no effect: ${reason}.`;
  const place = document.locate(resource.path);
  return [{ code: 'IgnoredResource', message, target: showPath(resource.path), severity: 'warning', ...place }];
}
