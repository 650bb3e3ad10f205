import type { Context, DeploymentScope } from './context.ts';
import type { DeclaredResource } from './declared-resource.ts';
import type { EvaluatedDeployment } from './evaluated.ts';
import { Failure, unsupported } from './failure.ts';
import { isObject, type JsonObject, type JsonValue, member, memberValue } from './json-value.ts';
import { Problems } from './problems.ts';
import { groupId, sameId } from './resource-id.ts';
import type { Runtime } from './resource-state.ts';
import type { TemplateInput } from './template-input.ts';

export function isNestedDeployment(type: string): boolean {
  return type.toLowerCase() === 'microsoft.resources/deployments';
}

export interface NestedDeployment {
  readonly evaluate: (runtime: Runtime) => EvaluatedDeployment;
  /** Ids of resources around the deployment that have to exist before it. */
  readonly waits: readonly string[];
}

/**
 * What a deployment inside of a template deploys. It is evaluated at once, so that its problems are found, unless its parameters
 * depend on the state of resources.
 *
 * @param body the deployment's resource without its template, when that is known
 */
export function nestedDeployment(
  resource: DeclaredResource,
  body: JsonObject | undefined,
  resolve: (runtime: Runtime) => JsonObject,
  input: TemplateInput,
): NestedDeployment {
  const { problems, shared } = input;
  const now =
    body === undefined
      ? undefined
      : problems.attempt(resource.path, () => shared.evaluate(nestedInput(resource, body, input, problems)));
  const evaluate = (runtime: Runtime): EvaluatedDeployment => {
    if (now !== undefined) return now;
    const own = new Problems(shared);
    const resolved = resolve(runtime);
    const nested = own.attemptAll(() => shared.evaluate(nestedInput(resource, resolved, input, own)));
    own.throwIfFailed();
    if (nested === undefined) throw new Error('a deployment without a problem gave no result');
    return nested;
  };
  return { evaluate, waits: now?.waits ?? [] };
}

function nestedInput(
  resource: DeclaredResource,
  body: JsonObject,
  input: TemplateInput,
  problems: Problems,
): TemplateInput {
  const [written, source] = member(resource.source, 'properties') ?? ['properties', {}];
  const properties = objectOf(memberValue(body, 'properties'));
  for (const link of ['templateLink', 'parametersLink']) {
    if (member(properties, link) !== undefined) {
      throw unsupported(`\`${link}\` is not supported: write the template and its parameters into the deployment.`);
    }
  }
  const mode = memberValue(properties, 'mode') ?? 'Incremental';
  if (typeof mode !== 'string' || mode.toLowerCase() !== 'incremental') {
    throw unsupported('A deployment inside of a template has the mode `Incremental`.');
  }
  const [templateName, template] = (isObject(source) ? member(source, 'template') : undefined) ?? [];
  if (templateName === undefined || template === undefined || !isObject(template)) {
    throw new Failure('A deployment needs a `template`, which is an object.');
  }
  const inner = isInner(properties);
  const given = objectOf(memberValue(properties, 'parameters'));
  const scope = scopeOf(resource, template, input);
  const outer: Context | undefined = inner ? undefined : resource.context;
  const outerReference = inner ? undefined : input.outerReference;
  if (!inner && Object.keys(given).length > 0) {
    throw new Failure("`parameters` of a deployment need `expressionEvaluationOptions` with the scope 'inner'.");
  }
  const group = scope.resourceGroup.id;
  return {
    ...input,
    template,
    path: [...resource.path, written, templateName],
    given,
    scope,
    group,
    outer,
    outerReference,
    problems,
  };
}

function isInner(properties: JsonObject): boolean {
  const options = objectOf(memberValue(properties, 'expressionEvaluationOptions'));
  const scope = memberValue(options, 'scope') ?? 'outer';
  const word = typeof scope === 'string' ? scope.toLowerCase() : '';
  if (!['inner', 'outer', 'notspecified'].includes(word))
    throw new Failure("The scope of `expressionEvaluationOptions` is 'inner' or 'outer'.");
  return word === 'inner';
}

/** The resource group is the one that the deployment names; what is not known of another is taken from the one around. */
function scopeOf(resource: DeclaredResource, template: JsonObject, input: TemplateInput): DeploymentScope {
  const { scope, shared } = input;
  const [, subscription = '', name = ''] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\//i.exec(resource.id) ?? [];
  if (subscription.toLowerCase() !== scope.subscription.id.toLowerCase()) {
    throw unsupported('A deployment to another subscription, or to no resource group, is not supported.');
  }
  const id = groupId(scope.subscription.id, name);
  const nested = { ...scope, template, templateUri: undefined, deploymentName: resource.name };
  if (sameId(id, input.group)) return { ...nested, resourceGroup: { ...scope.resourceGroup, id: input.group, name } };
  const state = shared.existing(id);
  const found = isObject(state) ? state : {};
  const location = memberValue(found, 'location');
  return {
    ...nested,
    resourceGroup: {
      id,
      name,
      location: typeof location === 'string' ? location : scope.resourceGroup.location,
      tags: tagsOf(memberValue(found, 'tags')),
    },
  };
}

function tagsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value)).map(([name, one]): [string, string] => [name, String(one)]);
  return Object.fromEntries(entries);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return value !== undefined && isObject(value) ? value : {};
}
