import type { Emit } from '../events/build-event.ts';
import type { PurchasePlan } from '../galleries/purchase-plan.ts';
import type { SecurityType } from '../galleries/security-type.ts';

/** The finished disk as a distributor sees it. How it was made is unknown here. */
export interface FinishedImage {
  /** The qcow2 whose chain of backing files holds the image. Nobody writes to it any more. */
  readonly disk: string;
  /** Read-only files that `disk` is layered on. */
  readonly bases: readonly string[];
  readonly virtualSizeBytes: number;
  /** In ascending order of LUNs. */
  readonly dataDisks: readonly FinishedDataDisk[];
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  readonly runId: string;
  /** Digest of the source disk that the run started from. */
  readonly sourceDigest: string;
  /** What the template calls its source, with the exact version. */
  readonly sourceName: string;
  /** Exact version of the source when it has one, for `versioning: Source`. */
  readonly sourceVersion: string | undefined;
  /** Purchase plan and security type of the source, which are those of the image (`ImageKind`). */
  readonly plan?: PurchasePlan | undefined;
  readonly securityType?: SecurityType | undefined;
}

/** A data disk of the image. Nobody writes to it any more either. */
export interface FinishedDataDisk {
  readonly lun: number;
  /** A qcow2, and read-only files that it is layered on. */
  readonly disk: string;
  readonly bases: readonly string[];
  readonly virtualSizeBytes: number;
}

/** What came of one distribute target. */
export interface RunOutput {
  readonly name: string;
  readonly type: 'VHD' | 'ManagedImage' | 'SharedImage';
  /** ARM id of the managed image or gallery image version. */
  readonly artifactId?: string;
  /** URI of the VHD. */
  readonly artifactUri?: string;
  /** Where the (first) copy is on this machine. */
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface DistributeContext {
  readonly image: FinishedImage;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** A directory that is removed with the run: nothing half-made may be anywhere else. */
  readonly workDirectory: string;
  /** Refuse, as the service does, to create a resource group, gallery or definition. */
  readonly strict: boolean;
  /** Region of the template. */
  readonly location: string;
}
