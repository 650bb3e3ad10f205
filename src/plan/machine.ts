import { throwAll } from '../errors/attempts.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import type { ImageTemplate } from '../template/model.ts';
import { lunProblems, type PlannedDataDisk, planDataDisks } from './data-disks.ts';
import { vmSize } from './vm-sizes.ts';

/** The build VM as it will be. */
export interface PlannedMachine {
  /** The size that the template names, or the default of the source's generation. */
  readonly vmSize: string;
  /** What the build VM gets: the size's, or what this machine can give when that is less. */
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly generation: SourceDisk['generation'];
  readonly devices: SourceDisk['devices'];
  readonly diskSizeBytes: number;
  /** In ascending order of LUNs. */
  readonly dataDisks: readonly PlannedDataDisk[];
}

/** What this machine can give to one build VM. */
export interface HostCapacity {
  readonly cpus: number;
  readonly memoryMiB: number;
}

const GIB = 1024 ** 3;
/** What `qemu-img` writes as a VHD. */
const LARGEST_VHD_GIB = 2040;
const DEFAULT_SIZE: Readonly<Record<SourceDisk['generation'], string>> = {
  V1: 'Standard_D1_v2',
  V2: 'Standard_D2ds_v4',
};

/**
 * The machine that the template asks for, as far as this host can give it, and a note for each thing that it cannot.
 *
 * @throws KilnError `UnknownVmSize`, `UnsupportedVmSize`, `OsDiskTooSmall`, `DiskTooLargeForVhd`, `DataDiskLunTaken`
 */
export function planMachine(
  template: Pick<ImageTemplate, 'vmProfile' | 'additionalDataDisks' | 'validate' | 'distribute'>,
  source: SourceDisk,
  host: HostCapacity,
): { machine: PlannedMachine; notes: readonly string[] } {
  const { vmProfile: profile } = template;
  const size = vmSize(profile.vmSize === '' ? DEFAULT_SIZE[source.generation] : profile.vmSize);
  const notes: string[] = [];
  if (size.cpus > host.cpus) {
    notes.push(
      `${size.name} has ${size.cpus} processors, this machine can give ${host.cpus}: the build VM gets ${host.cpus}.`,
    );
  }
  if (size.memoryMiB > host.memoryMiB) {
    const [wanted, given] = [showMemory(size.memoryMiB), showMemory(host.memoryMiB)];
    notes.push(`${size.name} has ${wanted} of memory, this machine can give ${given}: the build VM gets ${given}.`);
  }
  const diskSizeBytes = profile.osDiskSizeGB === 0 ? source.virtualSizeBytes : profile.osDiskSizeGB * GIB;
  throwAll([
    ...tooSmall(profile.osDiskSizeGB, source),
    ...tooLarge(template, diskSizeBytes),
    ...lunProblems(template, source),
  ]);
  return {
    machine: {
      vmSize: size.name,
      cpus: Math.min(size.cpus, host.cpus),
      memoryMiB: Math.min(size.memoryMiB, host.memoryMiB),
      generation: source.generation,
      devices: source.devices,
      diskSizeBytes,
      dataDisks: planDataDisks(template, source),
    },
    notes,
  };
}

function tooSmall(osDiskSizeGB: number, source: SourceDisk): KilnError[] {
  if (osDiskSizeGB === 0 || osDiskSizeGB * GIB >= source.virtualSizeBytes) return [];
  const sizes = { wanted: `${osDiskSizeGB} GiB`, actual: showBytes(source.virtualSizeBytes) };
  const least = Math.ceil(source.virtualSizeBytes / GIB);
  const target = 'properties.vmProfile.osDiskSizeGB';
  return [templateError('OsDiskTooSmall', { ...sizes, source: source.exactName, least }, { target })];
}

/** Found out now rather than by the conversion, which is the end of a build. */
function tooLarge(
  { distribute, validate }: Pick<ImageTemplate, 'distribute' | 'validate'>,
  bytes: number,
): KilnError[] {
  if (bytes <= LARGEST_VHD_GIB * GIB || validate.sourceValidationOnly) return [];
  const sizes = { size: showBytes(bytes), most: `${LARGEST_VHD_GIB} GiB` };
  return distribute.flatMap(({ type }, i) =>
    type === 'VHD' ? [templateError('DiskTooLargeForVhd', sizes, { target: `properties.distribute[${i}]` })] : [],
  );
}

/** `8 GiB`, `2.5 GiB`, `512 MiB`; at most two decimals. */
function showBytes(bytes: number): string {
  return bytes < GIB ? `${round(bytes / 1024 ** 2)} MiB` : `${round(bytes / GIB)} GiB`;
}

function showMemory(mib: number): string {
  return showBytes(mib * 1024 ** 2);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
