import type { StoreTransaction } from '../store/store.ts';

/** A template's run as it was accepted: everything that its worker needs besides the home and its configuration. */
export interface RunRequest {
  /** The template as JSON, in the language of `apiVersion`, with its `name` and `location`. */
  readonly templateText: string;
  readonly apiVersion: string;
  /** Id of the template's resource. */
  readonly templateId: string;
  /** Storage account of the template's staging resource group, where a VHD without `uri` goes. */
  readonly storageAccount: string;
  /** Scripts and files as they were when the template was made: the copy of each URI in the staging group. */
  readonly artifacts: readonly { readonly uri: string; readonly path: string; readonly sha256: string }[];
  /** Of the client that asked for the run, to know the same request again. */
  readonly clientRequestId?: string;
  /** Name of the trigger that asked for the run. */
  readonly trigger?: string;
}

export interface AcceptedRequest {
  readonly templateKey: string;
  readonly templateName: string;
  readonly operationId: string;
  readonly correlationId: string;
  readonly subscription: string;
  readonly location: string;
  readonly request: RunRequest;
  /** What the build VM takes of the host. */
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** Runs that wait for their turn on this host, and those at work. */
export interface BuildQueue {
  /** Notes a run, and the operation by which a client waits for it, in the caller's transaction. Returns the run's id. Call `wake` afterwards. */
  accept(trx: StoreTransaction, accepted: AcceptedRequest): Promise<string>;
  /** Asks for a run's end, in the caller's transaction: one that is queued ends at once. Call `wake` afterwards. */
  cancel(trx: StoreTransaction, runId: string): Promise<void>;
  /** Looks for what there is to do, soon. */
  wake(): void;
  /** How many runs are before this one in the queue; `undefined` for one that is not queued. */
  position(runId: string): Promise<number | undefined>;
  /** `position` of all runs that are queued, by their ids. */
  positions(): Promise<ReadonlyMap<string, number>>;
}
