import type { ErrorStyle } from '../arm/error-body.ts';
import type { Place } from '../arm/route-table.ts';
import type { Caller as TokenCaller } from '../identity/tokens.ts';
import type { OperationWork } from '../jobs/operation-runner.ts';

/** Who sends a request: as much as operations have to know of a token's caller. */
export type Caller = Pick<TokenCaller, 'objectId' | 'tenantId'>;

/** A request that has an operation, with everything in it checked that is the same for all of them. */
export interface ArmRequest {
  readonly method: Place['method'];
  /** What stands for each `{name}` of the operation's path, as the client wrote it. */
  readonly params: Readonly<Record<string, string>>;
  /** The path in Azure's spelling with the client's names: the id of the resource, if it is the path of one. */
  readonly id: string;
  readonly apiVersion: string;
  /** The whole address, as the client has it. */
  readonly url: URL;
  /** The body's value; `undefined` without a body. A `PUT` or `PATCH` has an object. */
  readonly body: unknown;
  /** The body as it was sent. */
  readonly text: string;
  readonly caller: Caller;
  /** Upper-case GUID of this request, also in `x-ms-request-id`; an operation that it begins takes it as its id. */
  readonly requestId: string;
  readonly correlationId: string;
  /** `x-ms-client-request-id`: a client that repeats a request because it saw no answer sends the same again. */
  readonly clientRequestId: string | undefined;
  /** Address of the service, without a `/` at the end. */
  readonly baseUrl: string;
}

export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; nothing for an answer without a body. */
  readonly body?: unknown;
}

/** One operation of a resource provider. */
export interface ArmOperation extends Place {
  /** What a role must allow, e.g. `Microsoft.Compute/galleries/read`. */
  readonly action: string;
  readonly handle: (request: ArmRequest) => Promise<ArmResponse>;
  /** The answer depends on the request and the database alone: as long as nothing is written, it may be given again. */
  readonly fromDatabase?: boolean;
  /** The body is not JSON of the strict kind: the handler reads `text` itself. */
  readonly readsText?: boolean;
  /** Bytes that the body of a `PUT` or `PATCH` has at most; 256 KiB, if not given. */
  readonly largestBody?: number;
}

export interface ResourceTypeInfo {
  /** Without the namespace: `galleries/images`. */
  readonly resourceType: string;
  /** The newest first: `az` takes the first that is no preview. */
  readonly apiVersions: readonly string[];
  /** Whether its resources have `location` and `tags`. */
  readonly tracked: boolean;
}

/** A resource provider: a namespace, its types and operations, and the work that its operations leave to be done. */
export interface Provider {
  readonly namespace: string;
  readonly types: readonly ResourceTypeInfo[];
  readonly operations: readonly ArmOperation[];
  /** Refuse every other version. Clients mix versions of most providers, which therefore take any. */
  readonly onlyApiVersions?: readonly string[];
  readonly errorStyle?: (apiVersion: string) => ErrorStyle;
  readonly works?: readonly OperationWork[];
}
