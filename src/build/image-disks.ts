import type { Plan } from '../plan/plan.ts';
import type { SourceDisk } from '../sources/source-disk.ts';

/** The disks of an image on this machine, each with what it is layered on, the nearest first. Nobody writes to them. */
export interface ImageDisks {
  readonly chain: readonly string[];
  /** In ascending order of LUNs. */
  readonly dataDisks: readonly DataDiskChain[];
}

/** A data disk. An empty chain is one that is yet to be made, and empty. */
export interface DataDiskChain {
  readonly lun: number;
  readonly chain: readonly string[];
  readonly virtualSizeBytes: number;
}

/** The disks of the source, and the template's own among them. */
export function disksToStartFrom({ source, machine }: Plan): ImageDisks {
  const { chain, dataDisks } = sourceDisks(source);
  const added = machine.dataDisks.filter(({ from }) => from === 'template');
  const all = [...dataDisks, ...added.map(({ lun, sizeBytes }) => ({ lun, chain: [], virtualSizeBytes: sizeBytes }))];
  return { chain, dataDisks: all.sort((a, b) => a.lun - b.lun) };
}

/** The disks of the source alone. */
export function sourceDisks({ path, dataDisks }: SourceDisk): ImageDisks {
  return {
    chain: [path],
    dataDisks: dataDisks.map(({ lun, path: disk, virtualSizeBytes }) => ({ lun, chain: [disk], virtualSizeBytes })),
  };
}
