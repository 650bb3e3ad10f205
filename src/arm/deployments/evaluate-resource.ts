import type { Context, Reference } from './context.ts';
import type { DeclaredResource } from './declared-resource.ts';
import { evaluateJson, type Findings } from './evaluate-json.ts';
import type { EvaluatedResource } from './evaluated.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { isNestedDeployment, nestedDeployment } from './nested-deployment.ts';
import { Problems } from './problems.ts';
import { sameId } from './resource-id.ts';
import type { Runtime } from './resource-state.ts';
import type { TemplateInput } from './template-input.ts';

/** What is for the deployment, not for the resource's provider, or evaluated apart. In lower case. */
const CONTROL = new Set([
  ...['condition', 'copy', 'dependson', 'resources', 'comments', 'metadata', 'existing'],
  ...['type', 'apiversion', 'name', 'scope'],
]);

/** Evaluates what is in a resource. What is wrong with it goes to the problems of `input`. */
export function evaluateResource(
  resource: DeclaredResource,
  needed: ReadonlySet<string>,
  referenceFor: (runtime: Runtime | undefined) => Reference,
  input: TemplateInput,
): EvaluatedResource {
  const findings = { problems: input.problems, waits: new Set<string>() };
  const before = input.problems.count;
  const body = evaluateBody(resource, { ...resource.context, reference: referenceFor(undefined) }, findings);
  const complete = findings.waits.size === 0 && input.problems.count === before;

  const resolve = (runtime: Runtime): JsonObject => {
    if (complete) return body;
    const own = { problems: new Problems(input.shared), waits: new Set<string>() };
    const context = { ...resource.context, reference: referenceFor(runtime) };
    const resolved = own.problems.attemptAll(() => evaluateBody(resource, context, own));
    own.problems.throwIfFailed();
    const [missing] = own.waits;
    if (resolved === undefined || missing !== undefined)
      throw new Error(`${resource.id} was resolved before ${missing} had a state`);
    return resolved;
  };
  const nested = isNestedDeployment(resource.type)
    ? nestedDeployment(resource, complete ? body : undefined, resolve, { ...input, outerReference: referenceFor })
    : undefined;

  const dependsOn = [...new Set([...needed, ...findings.waits, ...(nested?.waits ?? [])])].filter(
    id => !sameId(id, resource.id),
  );
  const { path, symbol, type, apiVersion, name, id } = resource;
  return {
    path,
    symbol,
    type,
    apiVersion,
    name,
    id,
    dependsOn,
    body: complete ? body : undefined,
    resolve,
    deployment: nested?.evaluate,
  };
}

function evaluateBody(resource: DeclaredResource, context: Context, findings: Findings): JsonObject {
  const { type, apiVersion, name } = resource;
  const body: [string, JsonValue][] = [
    ['type', type],
    ['apiVersion', apiVersion],
    ['name', name],
  ];
  for (const [key, value] of Object.entries(resource.source)) {
    const lower = key.toLowerCase();
    if (CONTROL.has(lower)) continue;
    const path = [...resource.path, key];
    // The state of other resources is to be had in the properties only.
    if (lower !== 'properties') {
      body.push([key, evaluateJson(value, path, { ...context, reference: undefined }, findings)]);
    } else if (isNestedDeployment(type) && isObject(value)) {
      // The template inside has a language of its own.
      const rest = Object.fromEntries(Object.entries(value).filter(([inner]) => inner.toLowerCase() !== 'template'));
      body.push([key, evaluateJson(rest, path, context, findings)]);
    } else body.push([key, evaluateJson(value, path, context, findings)]);
  }
  return Object.fromEntries(body);
}
