import type { EvaluatedResource } from '../../../arm/deployments/evaluated.ts';
import type { JsonObject } from '../../../arm/deployments/json-value.ts';
import type { Output } from '../../../arm/deployments/outputs.ts';
import type { Parameter } from '../../../arm/deployments/parameters.ts';
import type { ErrorDetail, ExitCode } from '../../../errors/kiln-error.ts';
import type { DeploymentBody } from './deployment-body.ts';

// What the process that evaluates templates is asked, and what it answers.

/** What a deployment is evaluated from. Evaluated again it gives the same. */
export interface EvaluationInput {
  readonly template: unknown;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly subscription: { readonly id: string; readonly tenantId: string; readonly displayName: string };
  readonly resourceGroup: {
    readonly name: string;
    readonly location: string;
    readonly id: string;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly deploymentName: string;
  /** ISO 8601. */
  readonly now: string;
  /** What the values of `newGuid()` are made of. */
  readonly seed: string;
}

export interface EvaluationRequest {
  readonly number: number;
  readonly session: string;
  /** Missing when the process may know the session: it says so if it does not. */
  readonly input: EvaluationInput | undefined;
  /** States by id: of resources outside of the template (`null` for one that there is not), and of those that were deployed. */
  readonly existing: readonly (readonly [id: string, state: unknown])[];
  readonly runtime: readonly (readonly [id: string, state: unknown])[];
  /** Ids of the nested deployments on the way to the one in question, from the outermost. */
  readonly at: readonly string[];
  readonly ask:
    | { readonly what: 'template' | 'outputs' | 'close' }
    | { readonly what: 'body'; readonly id: string }
    /** Of no session: the body of a request is read. */
    | { readonly what: 'request'; readonly text: string };
}

/** A deployment, for those who deploy it. */
export interface DeploymentView {
  readonly parameters: readonly Parameter[];
  readonly resources: readonly ResourceView[];
  readonly secrets: readonly string[];
}

export interface ResourceView
  extends Pick<EvaluatedResource, 'path' | 'type' | 'apiVersion' | 'name' | 'id' | 'dependsOn' | 'body'> {
  readonly isDeployment: boolean;
}

export interface SaidError {
  readonly code: string;
  readonly exit: ExitCode;
  readonly message: string;
  readonly todo: string;
  readonly target: string | undefined;
  readonly details: readonly ErrorDetail[];
}

export interface EvaluationReply {
  readonly number: number;
  readonly request?: DeploymentBody;
  readonly view?: DeploymentView;
  readonly body?: JsonObject;
  readonly outputs?: Readonly<Record<string, Output>>;
  /** The session is not known: everything has to be sent again. */
  readonly unknown?: true;
  /** States that are needed to go on. */
  readonly unread?: readonly { readonly id: string; readonly apiVersion: string | undefined }[];
  readonly error?: SaidError;
  /** What went wrong in Kiln. */
  readonly defect?: string;
}
