import type { ErrorDetail, KilnError } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import type { ImageTemplate } from '../template/model.ts';

/** A data disk of the build VM, and of the image. */
export interface PlannedDataDisk {
  readonly lun: number;
  readonly sizeBytes: number;
  /** Whose it is: one of the source has what the source has on it, one of the template is empty. */
  readonly from: 'source' | 'template';
}

const GIB = 1024 ** 3;

type Asking = Pick<ImageTemplate, 'additionalDataDisks' | 'validate'>;

/** The data disks of the source, and those of the template at the LUNs of their places, in ascending order of LUNs. */
export function planDataDisks(template: Asking, source: Pick<SourceDisk, 'dataDisks'>): readonly PlannedDataDisk[] {
  const ofSource = source.dataDisks.map(({ lun, virtualSizeBytes }): PlannedDataDisk => {
    return { lun, sizeBytes: virtualSizeBytes, from: 'source' };
  });
  const added = addedDisks(template).map(({ sizeGB }, lun): PlannedDataDisk => {
    return { lun, sizeBytes: sizeGB * GIB, from: 'template' };
  });
  return [...ofSource, ...added].sort((a, b) => a.lun - b.lun);
}

/** An error for each data disk of the template whose LUN a disk of the source has. */
export function lunProblems(
  template: Asking,
  source: Pick<SourceDisk, 'dataDisks' | 'exactName'>,
): readonly KilnError[] {
  const taken = new Set(source.dataDisks.map(({ lun }) => lun));
  return addedDisks(template).flatMap((_, lun) => {
    if (!taken.has(lun)) return [];
    const target = `properties.additionalDataDisks[${lun}]`;
    return [templateError('DataDiskLunTaken', { lun, source: source.exactName }, { target })];
  });
}

/** A warning for each VHD that an image with data disks is distributed to: a VHD is one disk. */
export function vhdWarnings(
  { distribute, validate }: Pick<ImageTemplate, 'distribute' | 'validate'>,
  dataDisks: readonly PlannedDataDisk[],
): readonly ErrorDetail[] {
  if (dataDisks.length === 0 || validate.sourceValidationOnly) return [];
  const luns = dataDisks.map(({ lun }) => lun).join(', ');
  const message = `A VHD holds the disk with the operating system alone: the data disks of the image (LUN ${luns}) are not in it.`;
  return distribute.flatMap(({ type }, i) =>
    type === 'VHD'
      ? [{ code: 'DataDisksNotInVhd', message, target: `properties.distribute[${i}]`, severity: 'warning' as const }]
      : [],
  );
}

/** The source is validated as it is: nothing is added to it. */
function addedDisks({ additionalDataDisks, validate }: Asking): ImageTemplate['additionalDataDisks'] {
  return validate.sourceValidationOnly ? [] : additionalDataDisks;
}
