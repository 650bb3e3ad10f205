import type { StoredResource } from '../../store/resources.ts';
import type { ApiVersion, ImageTemplate } from '../../template/model.ts';

type Json = Readonly<Record<string, unknown>>;

/** A script or file as it was when the template was made. */
export interface KeptArtifact {
  /** As the template names it. */
  readonly uri: string;
  /** The copy in the staging storage account, on this machine. */
  readonly path: string;
  readonly sha256: string;
}

/** What the service knows of a template besides what its client wrote. */
export interface TemplateState {
  /** The version in which `body` is written. */
  readonly apiVersion: ApiVersion;
  readonly template: ImageTemplate;
  /** The operation that makes or changes it. */
  readonly operationId: string;
  /** Id of its staging resource group, as soon as there is one. */
  readonly stagingGroup: string;
  /** Its storage account in that group. */
  readonly storageAccount: string;
  /** What the source was when the template was made: a version, or the id of a gallery image version. */
  readonly exactVersion: string;
  readonly artifacts: readonly KeptArtifact[];
  readonly provisioningError: { readonly provisioningErrorCode: string; readonly message: string } | undefined;
  /** By the key of each identity. */
  readonly identities: Readonly<Record<string, { readonly principalId: string; readonly clientId: string }>>;
}

/** A template's resource with its state. */
export interface StoredTemplate {
  readonly resource: StoredResource;
  readonly state: TemplateState;
  readonly properties: Json;
  readonly identity: Json | undefined;
}

export function storedTemplate(resource: StoredResource): StoredTemplate {
  const state = resource.internal as unknown as TemplateState;
  return {
    resource,
    // Tags are changed in more ways than by the template's own operations.
    state: { ...state, template: { ...state.template, tags: resource.tags ?? {} } },
    properties: (resource.body['properties'] ?? {}) as Json,
    identity: resource.body['identity'] as Json | undefined,
  };
}

/** A state as it is stored. */
export function internalOf(state: TemplateState): Json {
  return { ...state };
}
