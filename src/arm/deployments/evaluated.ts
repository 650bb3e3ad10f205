import type { JsonObject, Segment } from './json-value.ts';
import type { Output } from './outputs.ts';
import type { Parameter } from './parameters.ts';
import type { Runtime } from './resource-state.ts';

/** A deployment template with every expression evaluated that does not depend on what the deployment makes. */
export interface EvaluatedDeployment {
  readonly parameters: readonly Parameter[];
  /** What is to be deployed, each resource after those it depends on. */
  readonly resources: readonly EvaluatedResource[];
  /** Ids of resources outside of the template that it has to wait for: of a deployment inside of another, those around it. */
  readonly waits: readonly string[];
  /** Texts of secure parameters, those of deployments inside as well: none of them may be shown or logged. */
  readonly secrets: ReadonlySet<string>;
  /**
   * The outputs, once all resources exist.
   *
   * @throws KilnError `DeploymentOutputEvaluationFailed`, `InvalidTemplate`, `ResourceNotFound`
   */
  outputs(runtime: Runtime): Readonly<Record<string, Output>>;
}

export interface EvaluatedResource {
  /** From the top of the file to the resource. All rounds of a loop have the same. */
  readonly path: readonly Segment[];
  /** Its name in the newer language of templates; `name[2]` in a loop. */
  readonly symbol: string | undefined;
  /** `Microsoft.Compute/galleries/images`, in the case that the template has. */
  readonly type: string;
  readonly apiVersion: string;
  /** With those of its parents: `gallery/definition`. */
  readonly name: string;
  readonly id: string;
  /** Ids of resources of this deployment that have to exist first. */
  readonly dependsOn: readonly string[];
  /** The resource as its provider takes it, or nothing when that depends on the state of other resources. */
  readonly body: JsonObject | undefined;
  /**
   * The resource as its provider takes it, once what it depends on exists.
   *
   * @throws KilnError `InvalidTemplate`, `ResourceNotFound`
   */
  resolve(runtime: Runtime): JsonObject;
  /**
   * For a resource of the type `Microsoft.Resources/deployments`: what it deploys, once what it depends on exists. Its state is
   * `{ "properties": { "outputs": <outputs> } }`.
   */
  readonly deployment: ((runtime: Runtime) => EvaluatedDeployment) | undefined;
}
