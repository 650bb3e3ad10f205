import { Budget } from './budget.ts';
import { evaluateTemplate, ownGroup } from './evaluate-template.ts';
import type { EvaluatedDeployment } from './evaluated.ts';
import { Failure } from './failure.ts';
import { asJson, isObject, member } from './json-value.ts';
import { type Locate, Problems } from './problems.ts';
import type { Existing } from './resource-state.ts';

export interface DeploymentOptions {
  /**
   * Values of parameters by name: `{ value }` as in a parameters file, or the value as it is. A text for a parameter of another type
   * is read as on a command line. They go before those of the file.
   */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The parsed parameters file (`deploymentParameters.json#`), if there is one. */
  readonly parametersFile?: unknown;
  /** `id` is the GUID, with or without `/subscriptions/` before it. */
  readonly subscription: { readonly id: string; readonly tenantId: string; readonly displayName: string };
  readonly resourceGroup: {
    readonly name: string;
    readonly location: string;
    readonly id: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly deploymentName: string;
  /** What `deployment().properties.templateLink.uri` is: where scripts beside the template are found. */
  readonly templateUri?: string;
  readonly now: Date;
  newGuid(): string;
  /**
   * The state of a resource outside of the template, as reading it from its provider would show it (`location`, `tags`,
   * `properties`, ...); `undefined` when there is no such resource. Resource groups are asked for without an API version.
   */
  readonly existing: Existing;
  /** Where a path is in the file, for lines and columns in errors. */
  readonly locate?: Locate;
}

/**
 * Evaluates a deployment template for a resource group: its parameters, variables, functions, loops, conditions, and every expression
 * that does not depend on what the deployment makes. Nothing is read, written or deployed.
 *
 * @param document the parsed JSON of the template
 * @throws KilnError `InvalidTemplate`, `DeploymentFeatureUnsupported`, `DeploymentOutputEvaluationFailed`, `ResourceNotFound`, with every
 *   problem in its details
 */
export function evaluateDeployment(document: unknown, options: DeploymentOptions): EvaluatedDeployment {
  const telling = { locate: options.locate ?? (() => undefined), secrets: new Set<string>() };
  const problems = new Problems(telling);
  const evaluated = problems.attemptAll(() => evaluate(document, options, telling, problems));
  problems.throwIfFailed();
  if (evaluated === undefined) throw new Error('a template without a problem gave no result');
  return evaluated;
}

function evaluate(
  document: unknown,
  options: DeploymentOptions,
  telling: { readonly locate: Locate; readonly secrets: Set<string> },
  problems: Problems,
): EvaluatedDeployment {
  const budget = new Budget();
  const template = asJson(document);
  if (template === undefined || !isObject(template)) throw new Failure('A deployment template must be a JSON object.');
  budget.bounded(template);
  const subscription = { ...options.subscription, id: options.subscription.id.replace(/^\/subscriptions\//i, '') };
  const { resourceGroup, deploymentName, templateUri, now } = options;
  const scope = {
    subscription,
    resourceGroup,
    deploymentName,
    templateUri,
    now,
    template,
    newGuid: () => options.newGuid(),
  };
  return evaluateTemplate({
    template,
    path: [],
    given: { ...fileValues(options.parametersFile, options.parameters), ...options.parameters },
    scope,
    group: ownGroup(scope),
    outer: undefined,
    outerReference: undefined,
    shared: {
      ...telling,
      budget,
      existing: (id, apiVersion) => options.existing(id, apiVersion),
      evaluate: evaluateTemplate,
    },
    problems,
  });
}

/** The values of a parameters file, but for those that are given beside it. */
function fileValues(file: unknown, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  const json = asJson(file);
  const section = json !== undefined && isObject(json) ? member(json, 'parameters')?.[1] : undefined;
  if (section === undefined || !isObject(section)) {
    throw new Failure('A parameters file must be a JSON object with an object `parameters`.');
  }
  const beside = new Set(Object.keys(given).map(name => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(section).filter(([name]) => {
      return !beside.has(name.toLowerCase());
    }),
  );
}
