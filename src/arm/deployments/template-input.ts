import type { Budget } from './budget.ts';
import type { Context, DeploymentScope, Reference } from './context.ts';
import type { EvaluatedDeployment } from './evaluated.ts';
import type { JsonObject, Segment } from './json-value.ts';
import type { Problems, Telling } from './problems.ts';
import type { Existing, Runtime } from './resource-state.ts';

/** What a deployment and those inside of it have in common. */
export interface Shared extends Telling {
  readonly budget: Budget;
  readonly existing: Existing;
  /** Grows with each template that is evaluated. */
  readonly secrets: Set<string>;
  /** Evaluates a template inside of another. */
  readonly evaluate: (input: TemplateInput) => EvaluatedDeployment;
}

export interface TemplateInput {
  readonly template: JsonObject;
  /** From the top of the file to the template. */
  readonly path: readonly Segment[];
  /** Values of parameters by name. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly scope: DeploymentScope;
  /** The resource group to deploy to, when it is not that of `scope`. */
  readonly group: string;
  /** Of a template that is evaluated with the names of the one around it. */
  readonly outer: Context | undefined;
  /** The `reference` of that one. */
  readonly outerReference: ((runtime: Runtime | undefined) => Reference) | undefined;
  readonly shared: Shared;
  readonly problems: Problems;
}
