import { templateError } from '../errors/template.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import type { ImageTemplate } from '../template/model.ts';
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
  /** Empty disks beside it, by their LUN. */
  readonly dataDisks: readonly { readonly sizeBytes: number }[];
}

/** What this machine can give to one build VM. */
export interface HostCapacity {
  readonly cpus: number;
  readonly memoryMiB: number;
}

const GIB = 1024 ** 3;
const DEFAULT_SIZE: Readonly<Record<SourceDisk['generation'], string>> = {
  V1: 'Standard_D1_v2',
  V2: 'Standard_D2ds_v4',
};

/**
 * The machine that the template asks for, as far as this host can give it, and a note for each thing that it cannot.
 *
 * @throws KilnError `UnknownVmSize`, `UnsupportedVmSize`, `OsDiskTooSmall`
 */
export function planMachine(
  { vmProfile: profile, additionalDataDisks }: Pick<ImageTemplate, 'vmProfile' | 'additionalDataDisks'>,
  source: SourceDisk,
  host: HostCapacity,
): { machine: PlannedMachine; notes: readonly string[] } {
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
  if (additionalDataDisks.length > 0) {
    notes.push('The data disks are the build VM’s alone: what is published holds the operating system’s disk.');
  }
  return {
    machine: {
      vmSize: size.name,
      cpus: Math.min(size.cpus, host.cpus),
      memoryMiB: Math.min(size.memoryMiB, host.memoryMiB),
      generation: source.generation,
      devices: source.devices,
      diskSizeBytes: diskSize(profile.osDiskSizeGB, source),
      dataDisks: additionalDataDisks.map(({ sizeGB }) => ({ sizeBytes: sizeGB * GIB })),
    },
    notes,
  };
}

function diskSize(osDiskSizeGB: number, source: SourceDisk): number {
  if (osDiskSizeGB === 0) return source.virtualSizeBytes;
  const wanted = osDiskSizeGB * GIB;
  if (wanted >= source.virtualSizeBytes) return wanted;
  const sizes = { wanted: `${osDiskSizeGB} GiB`, actual: showBytes(source.virtualSizeBytes) };
  throw templateError(
    'OsDiskTooSmall',
    { ...sizes, source: source.exactName, least: Math.ceil(source.virtualSizeBytes / GIB) },
    { target: 'properties.vmProfile.osDiskSizeGB' },
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
