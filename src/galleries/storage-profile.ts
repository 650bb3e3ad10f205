import type { PublishedImage } from './list.ts';

const GIB = 1024 ** 3;

/** `storageProfile` of a managed image, as `Microsoft.Compute/images` has it. */
export interface ImageStorageProfile {
  readonly osDisk: {
    readonly osType: 'Linux' | 'Windows';
    readonly osState: 'Generalized';
    readonly diskSizeGB: number;
  };
  readonly dataDisks: readonly { readonly lun: number; readonly diskSizeGB: number }[];
}

/** `storageProfile` of a gallery image version, as `Microsoft.Compute/galleries/images/versions` has it. */
export interface VersionStorageProfile {
  readonly osDiskImage: { readonly sizeInGB: number };
  readonly dataDiskImages: readonly { readonly lun: number; readonly sizeInGB: number }[];
}

type Disks = Pick<PublishedImage, 'os' | 'virtualSizeBytes'> & {
  readonly dataDisks: readonly { readonly lun: number; readonly virtualSizeBytes: number }[];
};

/** The disks of a managed image in Azure's words. */
export function imageStorageProfile({ os, virtualSizeBytes, dataDisks }: Disks): ImageStorageProfile {
  return {
    osDisk: { osType: os, osState: 'Generalized', diskSizeGB: wholeGB(virtualSizeBytes) },
    dataDisks: dataDisks.map(({ lun, virtualSizeBytes: size }) => ({ lun, diskSizeGB: wholeGB(size) })),
  };
}

/** The disks of a gallery image version in Azure's words. */
export function versionStorageProfile({ virtualSizeBytes, dataDisks }: Disks): VersionStorageProfile {
  return {
    osDiskImage: { sizeInGB: wholeGB(virtualSizeBytes) },
    dataDiskImages: dataDisks.map(({ lun, virtualSizeBytes: size }) => ({ lun, sizeInGB: wholeGB(size) })),
  };
}

/** Azure knows whole GB of 2³⁰ bytes only. */
function wholeGB(bytes: number): number {
  return Math.ceil(bytes / GIB);
}
