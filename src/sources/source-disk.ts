import type { PurchasePlan } from '../galleries/purchase-plan.ts';
import type { SecurityType } from '../galleries/security-type.ts';
import type { DeviceProfile, Generation } from '../machine/machine.ts';

/** A source that was resolved to an immutable disk on this machine, and the data disks that belong to it. */
export interface SourceDisk {
  /** Read-only qcow2 without backing or data files. */
  readonly path: string;
  /** Digest of the file (`src/disk/digest.ts`). */
  readonly digest: string;
  readonly virtualSizeBytes: number;
  /** In ascending order of LUNs. A platform image has none. */
  readonly dataDisks: readonly SourceDataDisk[];
  /** What the template asked for, e.g. `Debian:debian-12:12-gen2:latest` or an ARM id. */
  readonly name: string;
  /** With the exact version, or the exact ARM id. */
  readonly exactName: string;
  /** The version part of a platform image or gallery version; absent for a managed image. */
  readonly exactVersion?: string;
  readonly os: 'Linux' | 'Windows';
  /** The generation that a build VM of this source boots as. */
  readonly generation: Generation;
  readonly devices: DeviceProfile;
  /** Account that the image ships with, if any; Kiln makes its own for the build. */
  readonly defaultUser: string | undefined;
  /** Purchase plan, which every image made from this one keeps. */
  readonly plan?: PurchasePlan | undefined;
  /** Absent when it is not known. */
  readonly securityType?: SecurityType | undefined;
}

/** A data disk of a source, as immutable as the source. */
export interface SourceDataDisk {
  readonly lun: number;
  /** Read-only qcow2 without backing or data files. */
  readonly path: string;
  readonly digest: string;
  readonly virtualSizeBytes: number;
}
