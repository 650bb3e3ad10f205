import type { SiteConfig } from '../config/site-config.ts';
import type { Way } from '../sources/catalogue-schema.ts';
import { allImages, type FoundImage } from '../sources/find-image.ts';
import { parseImageReference } from '../sources/image-name.ts';
import { wayText } from '../sources/obtain.ts';
import { knownImages, platformImage } from '../sources/platform-image.ts';
import type { SourceContext } from '../sources/source-context.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import type { SourceRecord } from '../sources/source-index.ts';

/** One line of `kiln source list`, and one element of its JSON. */
export interface SourceListing {
  /** `publisher:offer:sku`. */
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  /** Whether the disk is on this machine. */
  readonly here: boolean;
  /** How the disk was got when it is here, else the ways in the order in which they would be tried. */
  readonly from: string;
  /** Whether one of the ways was seen to give a disk that boots. A user's own disk is the user's to verify. */
  readonly verified: boolean | undefined;
  /** Bytes of the stored file. */
  readonly sizeBytes?: number;
  readonly digest?: string;
}

/**
 * All images that a template can name, what is on this machine first.
 *
 * @throws KilnError `CatalogueInvalid`, `SourceRecordUnreadable`.
 */
export async function listSources(context: SourceContext): Promise<readonly SourceListing[]> {
  const known = await knownImages(context);
  const listings = allImages(known).map(image => {
    const isOfImage = (record: SourceRecord) => record.id === image.id && record.version === image.version;
    return listing(image, known.records.find(isOfImage));
  });
  return listings.sort((a, b) => Number(b.here) - Number(a.here));
}

/** `kiln source pull`: gets the disk by the first way that works. Resolves at once when it is here. */
export function pullSource(reference: string, context: SourceContext): Promise<SourceDisk> {
  return platformImage(parseImageReference(reference), context);
}

/** `kiln source bootstrap`: the same, by recipes only. */
export function bootstrapSource(reference: string, context: SourceContext): Promise<SourceDisk> {
  const allow = (way: Way) => 'recipe' in way;
  return platformImage({ ...parseImageReference(reference), allow }, context);
}

/** The list as a table. `aliases` of the site follow it. */
export function renderSources(listings: readonly SourceListing[], aliases: SiteConfig['aliases'] = {}): string {
  const rows = listings.map(({ name, version, generation, here, sizeBytes, verified, from }) => [
    name,
    version,
    generation,
    here ? `here, ${mebibytes(sizeBytes ?? 0)}` : 'not here',
    verified === undefined ? '-' : verified ? 'yes' : 'no',
    from,
  ]);
  const table = [['NAME', 'VERSION', 'GEN', 'DISK', 'VERIFIED', 'FROM'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0))) ?? [];
  const lines = table.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const names = Object.entries(aliases).map(([from, to]) => `${from} is ${to} at this site`);
  return [...lines, ...(names.length === 0 ? [] : ['', ...names])].join('\n');
}

/** What a command that got, added or removed a disk says of it. */
export function renderDisk(
  disk: Pick<SourceDisk, 'digest' | 'virtualSizeBytes'> & { readonly exactName: string },
): string {
  return `${disk.exactName}  ${mebibytes(disk.virtualSizeBytes)} virtual  ${disk.digest}`;
}

function listing(image: FoundImage, record: SourceRecord | undefined): SourceListing {
  const { name, version, title, os, generation, ways } = image;
  const verified = image.origin === 'added' ? undefined : ways.some(way => way.verified);
  const facts = { name, version, title, os, generation, verified };
  if (record === undefined) return { ...facts, here: false, from: ways.map(wayText).join(', then ') };
  return { ...facts, here: true, from: record.way, sizeBytes: record.sizeBytes, digest: record.digest };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MiB`;
}
