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
import { type DeclaredResource, declared, IMAGE_TEMPLATE, refuseOthers, withoutEffect } from './declared-resource.ts';
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
   * The outputs once the image is built; the values of secure ones are left out.
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
  const resources = allResources(evaluated, runtime);
  refuseOthers(resources, document);
  const chosen = chooseTemplate(file, resources, input.templateName);
  const made: DeclaredResource[] = [];
  for (const resource of resources) {
    if (withoutEffect(resource) !== undefined || isTemplate(resource)) continue;
    const body = resource.body ?? resource.resolve(runtime);
    states.set(resource.id.toLowerCase(), { properties: {}, ...body });
    const one = declared(resource, body);
    if (one !== undefined) made.push(one);
  }
  const resource = chosen.body ?? chosen.resolve(runtime);
  return {
    resource,
    outputs: () => {
      states.set(chosen.id.toLowerCase(), { properties: {}, ...resource, id: chosen.id });
      const named = Object.entries(evaluated.outputs(runtime));
      return Object.fromEntries(named.map(([name, { value, secret }]) => [name, secret ? null : value]));
    },
    path: chosen.path,
    declared: made,
    warnings: resources.flatMap(resource => warningOf(resource, document)),
    secrets: evaluated.secrets,
  };
}

/** The resources of the deployment and of those that are nested in it. */
function allResources(deployment: EvaluatedDeployment, runtime: (id: string) => unknown): readonly EvaluatedResource[] {
  return deployment.resources.flatMap(resource =>
    resource.deployment === undefined ? [resource] : allResources(resource.deployment(runtime), runtime),
  );
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
