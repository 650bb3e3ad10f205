import { randomUUID } from 'node:crypto';
import { parse as parsePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluateDeployment } from '../../arm/deployments/evaluate-deployment.ts';
import type { EvaluatedDeployment, EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import type { SiteConfig } from '../../config/site-config.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { ErrorDetail } from '../../errors/kiln-error.ts';
import type { JsonDocument } from '../../template/json-document.ts';
import { protect } from '../output.ts';
import {
  type DeclaredResource,
  declared,
  IMAGE_TEMPLATE,
  propertiesWithoutEffect,
  refuseOthers,
  withoutEffect,
} from './declared-resource.ts';
import type { DeploymentInput } from './deployment-input.ts';

/** A deployment template, evaluated for this site. */
export interface Deployment {
  /** The image template that is to be built, and the way to it from the top of the file. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly path: EvaluatedResource['path'];
  /** What has to be made before the build, in this order. */
  readonly declared: readonly DeclaredResource[];
  readonly warnings: readonly ErrorDetail[];
  /**
   * The outputs once the image is built; `null` for secure ones.
   *
   * @throws KilnError those of `EvaluatedDeployment.outputs`
   */
  outputs(): Readonly<Record<string, unknown>>;
  /** Values of secure parameters: none of them may be shown or logged. */
  readonly secrets: ReadonlySet<string>;
}

const NO_TENANT = '00000000-0000-0000-0000-000000000000';

/**
 * Evaluates a deployment template into the site's resource group, and finds the image template in it.
 *
 * @throws KilnError those of `evaluateDeployment`; `DeploymentResourceUnsupported`, `NoImageTemplate`
 */
export function readDeployment(
  file: string,
  document: JsonDocument,
  input: DeploymentInput,
  config: SiteConfig,
): Deployment {
  const { subscription, resourceGroup, location } = config;
  const states = new Map<string, unknown>();
  const runtime = (id: string) => states.get(id.toLowerCase());
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
    now: new Date(),
    newGuid: randomUUID,
    existing: () => undefined,
    locate: path => document.locate(path),
  });
  protect(evaluated.secrets);
  const made: DeclaredResource[] = [];
  const resources: EvaluatedResource[] = [];
  // In the order of the deployment: what comes later may ask for the state of what comes before.
  const walk = (deployment: EvaluatedDeployment): void => {
    refuseOthers(deployment.resources, document);
    for (const resource of deployment.resources) {
      if (resource.deployment !== undefined) {
        const nested = resource.deployment(runtime);
        walk(nested);
        states.set(resource.id.toLowerCase(), { properties: { outputs: nested.outputs(runtime) } });
        continue;
      }
      resources.push(resource);
      const body = withoutEffect(resource) === undefined ? (resource.body ?? resource.resolve(runtime)) : {};
      states.set(resource.id.toLowerCase(), { properties: propertiesWithoutEffect(resource), ...body });
      const one = declared(resource, body);
      if (one !== undefined) made.push(one);
    }
  };
  walk(evaluated);
  const chosen = chooseTemplate(file, resources, input.templateName);
  const resource = chosen.body ?? chosen.resolve(runtime);
  return {
    resource,
    outputs: () => {
      const named = Object.entries(evaluated.outputs(runtime));
      return Object.fromEntries(named.map(([name, { value, secret }]) => [name, secret ? null : value]));
    },
    path: chosen.path,
    declared: made,
    warnings: resources.flatMap(resource => warningOf(resource, document)),
    secrets: evaluated.secrets,
  };
}

function chooseTemplate(file: string, resources: readonly EvaluatedResource[], name: string | undefined) {
  const templates = resources.filter(isTemplate);
  const wanted =
    name === undefined ? templates : templates.filter(one => one.name.toLowerCase() === name.toLowerCase());
  const [first] = wanted;
  if (first === undefined || wanted.length > 1) {
    throw deploymentError('NoImageTemplate', { file, names: templates.map(one => one.name) });
  }
  return first;
}

function isTemplate({ type }: EvaluatedResource): boolean {
  return type.toLowerCase() === IMAGE_TEMPLATE.toLowerCase();
}

function warningOf(resource: EvaluatedResource, document: JsonDocument): readonly ErrorDetail[] {
  const reason = withoutEffect(resource);
  if (reason === undefined) return [];
  const message = `The resource \`${resource.type}\` has no effect: ${reason}.`;
  const place = document.locate(resource.path);
  return [{ code: 'IgnoredResource', message, target: showPath(resource.path), severity: 'warning', ...place }];
}
