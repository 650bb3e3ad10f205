import type { BlobEntry } from '../providers/storage/blob-files.ts';

const HEAD = '<?xml version="1.0" encoding="utf-8"?>';

interface BlobList {
  /** Address of the account, with `/` at the end. */
  readonly endpoint: string;
  readonly container: string;
  readonly prefix: string;
  readonly marker: string;
  /** Empty when there is no page after it. */
  readonly next: string;
  readonly blobs: readonly BlobEntry[];
}

/** The list of a container's blobs, as Azure Storage writes it. */
export function listOfBlobs({ endpoint, container, prefix, marker, next, blobs }: BlobList): string {
  const entries = blobs.map(blob => {
    const properties = [
      element('Last-Modified', blob.modified.toUTCString()),
      element('Etag', blob.etag.replaceAll('"', '')),
      element('Content-Length', String(blob.size)),
      element('BlobType', 'BlockBlob'),
    ].join('');
    return `<Blob>${element('Name', blob.name)}<Properties>${properties}</Properties></Blob>`;
  });
  const place = `ServiceEndpoint="${escapeXml(endpoint)}" ContainerName="${escapeXml(container)}"`;
  const asked = `${element('Prefix', prefix)}${element('Marker', marker)}`;
  return `${HEAD}<EnumerationResults ${place}>${asked}<Blobs>${entries.join('')}</Blobs>${element('NextMarker', next)}</EnumerationResults>`;
}

/** The list of an account's containers. */
export function listOfContainers(endpoint: string, names: readonly string[]): string {
  const entries = names.map(name => `<Container>${element('Name', name)}<Properties /></Container>`);
  const place = `ServiceEndpoint="${escapeXml(endpoint)}"`;
  return `${HEAD}<EnumerationResults ${place}><Containers>${entries.join('')}</Containers><NextMarker /></EnumerationResults>`;
}

export function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
  return text.replace(/[&<>"']/g, character => `&${names[character]};`);
}

function element(name: string, text: string): string {
  return text === '' ? `<${name} />` : `<${name}>${escapeXml(text)}</${name}>`;
}
