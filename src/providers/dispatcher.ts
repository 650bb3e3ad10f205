import { errorBody } from '../arm/error-body.ts';
import { type Match, pathSegments, RouteTable } from '../arm/route-table.ts';
import { armError } from '../errors/arm.ts';
import { KilnError } from '../errors/kiln-error.ts';
import type { Store } from '../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse, Caller, Provider } from './provider.ts';
import { jsonBody } from './request-body.ts';

/** A request as it arrives, of a caller who is known. */
export interface ArmCall {
  readonly method: string;
  /** With path and query, as the client has it. */
  readonly url: URL;
  readonly text: string;
  readonly caller: Caller;
  readonly requestId: string;
  readonly correlationId: string;
  /** `x-ms-client-request-id`. */
  readonly clientRequestId?: string | undefined;
}

/** What an answer was about, for logs and metrics. */
export interface Answer extends ArmResponse {
  /** The operation's action, or `unknown`. */
  readonly action: string;
  /** Whether the same answer may be given again as long as nothing is written. */
  readonly fromDatabase?: boolean;
  /** What was thrown, where it is not the client's doing. */
  readonly failure?: unknown;
}

interface DispatcherOptions {
  readonly store: Store;
  readonly providers: readonly Provider[];
  /** Ids of the subscriptions that there are. */
  readonly subscriptions: () => Promise<readonly string[]>;
  /** What to make of anything that is thrown and is no `KilnError`. */
  readonly userError: (thrown: unknown) => KilnError;
}

/** More than any resource of Azure has that is not made of others. What is stored is read and sent again in lists. */
const LARGEST_BODY = 256 * 1024;
const VERSION = /^\d{4}-\d{2}-\d{2}(-[a-z0-9.]+)?$/i;

/** Brings requests to the operations of the resource providers. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #routes: RouteTable<ArmOperation>;
  readonly #providerOf = new Map<ArmOperation, Provider>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#routes = new RouteTable(options.providers.flatMap(({ operations }) => operations));
    for (const provider of options.providers) {
      for (const operation of provider.operations) this.#providerOf.set(operation, provider);
    }
  }

  /** Never rejects: what goes wrong is an answer with the error's status and body. */
  async answer(call: ArmCall): Promise<Answer> {
    let action = 'unknown';
    let provider: Provider | undefined;
    const apiVersion = versionIn(call.url);
    try {
      const match = this.#find(call, apiVersion);
      action = match.operation.action;
      provider = this.#providerOf.get(match.operation);
      const request = await this.#request(call, match, provider);
      const answer = await match.operation.handle(request);
      return { action, ...answer, ...(match.operation.fromDatabase ? { fromDatabase: true } : {}) };
    } catch (thrown) {
      const error = this.#options.userError(thrown);
      const style = provider?.errorStyle?.(apiVersion ?? '') ?? 'envelope';
      return {
        action,
        status: error.status,
        headers: { 'x-ms-failure-cause': error.status < 500 ? 'gateway' : 'service' },
        body: errorBody(error, style),
        ...(thrown instanceof KilnError && error.status < 500 ? {} : { failure: thrown }),
      };
    }
  }

  #find(call: ArmCall, apiVersion: string | undefined): Match<ArmOperation> {
    const segments = pathSegments(call.url.pathname);
    try {
      return this.#routes.find(call.method, segments);
    } catch (error) {
      if (!(error instanceof KilnError) || error.code !== 'NotFound') throw error;
      throw this.#unknown(segments, apiVersion) ?? error;
    }
  }

  /** Says which part of a path is not known: the provider or the type. */
  #unknown(segments: readonly string[], apiVersion: string | undefined): KilnError | undefined {
    const at = segments.findLastIndex(segment => segment.toLowerCase() === 'providers');
    const given = at === -1 ? undefined : segments[at + 1];
    if (given === undefined) return undefined;
    const all = this.#options.providers.map(({ namespace }) => namespace);
    const namespace = all.find(one => one.toLowerCase() === given.toLowerCase());
    if (namespace === undefined)
      return armError('InvalidResourceNamespace', { namespace: given, known: all.join(', ') });
    return armError('InvalidResourceType', { namespace, apiVersion: apiVersion ?? '' });
  }

  async #request(call: ArmCall, match: Match<ArmOperation>, provider: Provider | undefined): Promise<ArmRequest> {
    const { operation, params, id } = match;
    const apiVersion = checkVersion(call.url, operation, provider);
    checkSize(call.text, operation);
    await this.#checkScope(params, operation);
    return {
      method: operation.method,
      params,
      id,
      apiVersion,
      url: call.url,
      body: operation.readsText ? undefined : jsonBody(operation.method, call.text),
      text: call.text,
      caller: call.caller,
      requestId: call.requestId,
      correlationId: call.correlationId,
      clientRequestId: call.clientRequestId,
      baseUrl: call.url.origin,
    };
  }

  /** The subscription and the resource group of a path must exist, unless the operation is about that itself. */
  async #checkScope(params: Readonly<Record<string, string>>, operation: ArmOperation): Promise<void> {
    const { subscriptionId: subscription, resourceGroupName: resourceGroup } = params;
    if (subscription === undefined) return;
    const known = await this.#options.subscriptions();
    if (!known.some(one => one.toLowerCase() === subscription.toLowerCase())) {
      throw armError('SubscriptionNotFound', { subscription });
    }
    if (resourceGroup === undefined || /\/resourcegroups\/\{resourceGroupName\}$/i.test(operation.path)) return;
    const key = `/subscriptions/${subscription}/resourcegroups/${resourceGroup}`.toLowerCase();
    const row = await this.#options.store.db
      .selectFrom('resource_groups')
      .select('provisioning_state')
      .where('key', '=', key)
      .executeTakeFirst();
    if (row === undefined) throw armError('ResourceGroupNotFound', { resourceGroup });
    if (row.provisioning_state === 'Deleting' && operation.method !== 'GET' && operation.method !== 'DELETE') {
      throw armError('ResourceGroupBeingDeleted', { resourceGroup });
    }
  }
}

function versionIn(url: URL): string | undefined {
  for (const [name, value] of url.searchParams) if (name.toLowerCase() === 'api-version') return value;
  return undefined;
}

/** @throws KilnError `RequestContentTooLarge`. */
function checkSize(text: string, { method, largestBody: limit = LARGEST_BODY }: ArmOperation): void {
  if (method !== 'PUT' && method !== 'PATCH') return;
  if (Buffer.byteLength(text) > limit) throw armError('RequestContentTooLarge', { limit });
}

function checkVersion(url: URL, operation: ArmOperation, provider: Provider | undefined): string {
  const apiVersion = versionIn(url);
  if (apiVersion === undefined || apiVersion === '') throw armError('MissingApiVersionParameter', {});
  const only = provider?.onlyApiVersions;
  if (!VERSION.test(apiVersion)) {
    const versions = only ?? provider?.types[0]?.apiVersions ?? [];
    throw armError('InvalidApiVersionParameter', { apiVersion, supported: versions.join(', ') });
  }
  const known = only?.find(version => version.toLowerCase() === apiVersion.toLowerCase());
  if (only === undefined || known !== undefined) return known ?? apiVersion;
  const type = operation.path.split('/').at(-1)?.startsWith('{')
    ? operation.path.split('/').at(-2)
    : operation.path.split('/').at(-1);
  throw armError('NoRegisteredProviderFound', {
    location: 'global',
    apiVersion,
    type: type ?? '',
    supported: only.join(', '),
  });
}
