import type { BuildServices } from '../build/services.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import type { BuildQueue } from '../jobs/build-queue.ts';
import type { Answer, ArmCall } from './dispatcher.ts';

/** What the resource providers work with. */
export interface ProviderServices
  extends Pick<BuildServices, 'home' | 'config' | 'store' | 'resolveSource' | 'releaseSource' | 'fetchArtifact'> {
  readonly builds: BuildQueue;
  /** Starts an operation that was begun in the store, after its transaction. */
  readonly startOperation: (id: string) => void;
  /** Waits for an operation that was started by this service. */
  readonly operationDone: (id: string) => Promise<void>;
  /** Ends an operation that this service does, with this error. */
  readonly cancelOperation: (id: string, error: KilnError) => void;
  /** Asks another resource provider, as a client does. */
  readonly answer: (call: ArmCall) => Promise<Answer>;
  /** Ids and names of the subscriptions that there are. */
  readonly subscriptions: readonly { readonly id: string; readonly name: string }[];
  readonly tenantId: string;
  /** The query by which a path below `/blobs` can be read (`r`), listed (`l`) or both without a token until a time. */
  readonly signBlobPath: (path: string, expires: Date, permission: 'r' | 'l' | 'rl') => string;
  /** What the site decides about templates: whether a `PUT` may change one, whether one that says the same is a conflict. */
  readonly templates: { readonly allowUpdates: boolean; readonly strictConflict: boolean };
  readonly log: (message: string, cause?: unknown) => void;
}
