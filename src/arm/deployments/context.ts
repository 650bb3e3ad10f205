import type { Budget } from './budget.ts';
import type { Node } from './expression.ts';
import type { JsonObject, JsonValue } from './json-value.ts';

/** Where a deployment goes, and what its functions say about that. */
export interface DeploymentScope {
  /** `id` is the subscription's GUID. */
  readonly subscription: { readonly id: string; readonly tenantId: string; readonly displayName: string };
  /** `id` is the full resource id. */
  readonly resourceGroup: {
    readonly name: string;
    readonly location: string;
    readonly id: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly deploymentName: string;
  readonly template: JsonObject;
  /** Where the template comes from, when it is known. */
  readonly templateUri: string | undefined;
  readonly now: Date;
  newGuid(): string;
}

/** A function that the template defines. */
export interface TemplateFunction {
  readonly parameters: readonly string[];
  readonly call: (args: readonly JsonValue[]) => JsonValue;
}

/** What the names in an expression stand for. Each throws a Failure for a name that there is not. */
export interface Names {
  parameter(name: string): JsonValue;
  variable(name: string): JsonValue;
  templateFunction(name: string): TemplateFunction | undefined;
}

/** The state of a resource: its `properties`, or all of it. @throws Waits when the resource does not exist yet */
export type Reference = (target: string, apiVersion: string | undefined, full: boolean) => JsonValue;

/** What an expression is evaluated in. */
export interface Context {
  readonly budget: Budget;
  readonly scope: DeploymentScope;
  readonly names: Names;
  /** The round of each loop around the expression, by the loop's name in lower case. */
  readonly loops: ReadonlyMap<string, number>;
  /** The round that `copyIndex()` without a name means: the resource's or, in a variable or output, the only loop. */
  readonly round: number | undefined;
  /** By name in lower case. */
  readonly lambdaVariables: ReadonlyMap<string, JsonValue>;
  /** Missing where the state of resources is not to be had. */
  readonly reference: Reference | undefined;
  /** Whether `utcNow` and `newGuid` may be used: in default values of parameters only. */
  readonly fresh: boolean;
}

export type Evaluate = (node: Node, context: Context) => JsonValue;

/** The context of an expression inside a round of a named loop. */
export function inRound(context: Context, loop: string, index: number, own: boolean): Context {
  const loops = new Map(context.loops).set(loop.toLowerCase(), index);
  return { ...context, loops, round: own ? index : context.round };
}
