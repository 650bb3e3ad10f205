import type { Context, DeploymentScope, Names } from './context.ts';
import { declareResources } from './declare-resources.ts';
import type { DeclaredResource } from './declared-resource.ts';
import { dependencies } from './dependencies.ts';
import { dependencyOrder } from './dependency-order.ts';
import { evaluateResource } from './evaluate-resource.ts';
import type { EvaluatedDeployment } from './evaluated.ts';
import { indexResources } from './find-resource.ts';
import { isObject, type JsonObject, type JsonValue, member } from './json-value.ts';
import { evaluateOutputs } from './outputs.ts';
import { type Parameters, readParameters, secretTexts } from './parameters.ts';
import { Problems } from './problems.ts';
import { groupId } from './resource-id.ts';
import { type Runtime, referenceOver } from './resource-state.ts';
import { readTemplateFunctions } from './template-functions.ts';
import type { TemplateInput } from './template-input.ts';
import { checkMembers } from './template-members.ts';
import { readVariables } from './variables.ts';

/** Evaluates one template. What is wrong with it goes to `problems`; then what comes back is not complete. */
export function evaluateTemplate(input: TemplateInput): EvaluatedDeployment {
  const { template, path, shared, problems } = input;
  checkMembers(template, path, problems);
  const { context, parameters } = contextOf(input);
  const values = parameters?.evaluateAll() ?? [];
  for (const text of secretTexts(values)) shared.secrets.add(text);

  const declared: DeclaredResource[] = [];
  const emptyLoops = new Set<string>();
  const group = input.group;
  const [written, section] = member(template, 'resources') ?? ['resources', undefined];
  declareResources(section, [...path, written], {
    context,
    problems,
    group,
    found: declared,
    deployed: new Set(),
    emptyLoops,
  });
  const index = indexResources(declared);
  const deployed = declared.filter(one => one.deployed && !one.existing);
  // What a deployment inside or around makes is not in this template.
  const mayAppear =
    path.length > 0 || deployed.some(one => one.type.toLowerCase() === 'microsoft.resources/deployments');
  const reference = (runtime: Runtime | undefined) =>
    referenceOver({
      index,
      existing: shared.existing,
      runtime,
      mayAppear,
      outer: input.outerReference?.(runtime),
    });
  const resources = deployed.map(one =>
    evaluateResource(one, dependencies(one, index, emptyLoops, problems), reference, input),
  );

  const [outputsName, outputs] = member(template, 'outputs') ?? ['outputs', {}];
  const outputsOf = (runtime: Runtime | undefined, own: Problems) => {
    const findings = { problems: own, waits: new Set<string>() };
    const at = [...path, outputsName];
    const all = isObject(outputs)
      ? evaluateOutputs(outputs, at, template, { ...context, reference: reference(runtime) }, findings)
      : {};
    return { all, waits: findings.waits };
  };
  const needed = [...resources.flatMap(one => one.dependsOn), ...outputsOf(undefined, problems).waits];

  const own = new Set(deployed.map(one => one.id.toLowerCase()));
  const isOwn = (id: string): boolean => own.has(id.toLowerCase());
  return {
    parameters: values,
    resources: dependencyOrder(
      resources.map(one => ({ ...one, dependsOn: one.dependsOn.filter(isOwn) })),
      problems,
    ),
    waits: [...new Set(needed)].filter(id => !isOwn(id)),
    secrets: shared.secrets,
    outputs(runtime) {
      const found = new Problems(shared);
      const evaluated = found.attemptAll(() => outputsOf(runtime, found));
      found.throwIfFailed();
      const [missing] = evaluated?.waits ?? ['something'];
      if (evaluated === undefined || missing !== undefined)
        throw new Error(`outputs were asked for before ${missing} had a state`);
      return evaluated.all;
    },
  };
}

/** What the expressions of the template see. */
function contextOf(input: TemplateInput): { readonly context: Context; readonly parameters: Parameters | undefined } {
  const { template, path, shared, problems, scope, outer } = input;
  if (outer !== undefined) return { context: { ...outer, reference: undefined }, parameters: undefined };
  const bare: Omit<Context, 'names'> = {
    budget: shared.budget,
    scope,
    loops: new Map(),
    round: undefined,
    lambdaVariables: new Map(),
    reference: undefined,
    fresh: false,
  };
  const parameters = readParameters(template, input.given, path, { ...bare, fresh: true }, problems);
  const section = (name: string): readonly [string, JsonValue | undefined] =>
    member(template, name) ?? [name, undefined];
  const [functionsName, functions] = section('functions');
  const templateFunction = readTemplateFunctions(functions, [...path, functionsName], bare, problems);
  // The names of variables are known to the variables themselves.
  const names: Names = {
    parameter: parameters.parameter,
    variable: name => variables.variable(name),
    templateFunction,
  };
  const context: Context = { ...bare, names };
  const [variablesName, all] = section('variables');
  const variables = readVariables(asObject(all), [...path, variablesName], context, problems);
  // Parameters first: what follows from one that is missing is no problem of its own.
  parameters.evaluateAll();
  variables.evaluateAll();
  return { context, parameters };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return value !== undefined && isObject(value) ? value : {};
}

/** The resource group that a deployment goes to. */
export function ownGroup(scope: DeploymentScope): string {
  return groupId(scope.subscription.id, scope.resourceGroup.name);
}
