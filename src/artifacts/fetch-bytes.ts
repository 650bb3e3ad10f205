import { join } from 'node:path';
import { artifactError } from '../errors/artifacts.ts';
import type { Emit } from '../events/build-event.ts';
import type { Checksum } from './checksum-file.ts';
import type { EgressRules } from './connector.ts';
import type { FetchLimits } from './fetch-limits.ts';
import { httpClient } from './http-client.ts';
import { type AllowedFiles, localPath, openBelow } from './local-file.ts';
import type { Locate } from './mirrors.ts';
import { type PartialDownload, scratchPartial, takePartial } from './partial.ts';
import { partialWriter } from './partial-writer.ts';
import { parsedUri, shownUri } from './shown-uri.ts';
import { isResumable, type Transferred, transfer } from './transfer.ts';

/** What this site is, for every download. */
export interface Site {
  readonly downloads: string;
  readonly rules: EgressRules;
  readonly locate: Locate;
  readonly allowFiles: AllowedFiles | undefined;
  readonly limits: FetchLimits;
  readonly environment: NodeJS.ProcessEnv;
  readonly emit: Emit;
}

export interface Wanted {
  readonly uri: string;
  /** The content has to fit all of them. */
  readonly checksums: readonly Checksum[];
  readonly most?: { readonly bytes: number; readonly hint: string };
  readonly onProgress: (done: number, total: number | undefined) => void;
  readonly signal: AbortSignal;
}

export interface Fetched {
  /** A file that is gone after `use`, unless it was moved away. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Brings a URI's content here, verified, and hands it to `use`. Nothing stays when that is over, but what a next
 * attempt can continue with.
 */
export async function fetchBytes<T>(site: Site, wanted: Wanted, use: (fetched: Fetched) => Promise<T>): Promise<T> {
  const url = parsedUri(wanted.uri);
  if (url === undefined || url.protocol === 'file:') {
    const path = localPath(wanted.uri, site.allowFiles);
    return fetchFile(site, wanted, path, site.allowFiles?.directories ?? [], use);
  }
  const location = site.locate(url);
  if (location.kind === 'folder') {
    const path = join(location.folder, ...location.segments);
    site.emit({ type: 'log', level: 'info', message: `${shownUri(url)} is taken from ${path}` });
    return fetchFile(site, { ...wanted, uri: shownUri(url) }, path, [location.folder], use);
  }
  if (location.mirror !== undefined) {
    site.emit({ type: 'log', level: 'info', message: `${shownUri(url)} is taken from ${shownUri(location.url)}` });
  }
  return fetchUrl(site, wanted, location.url, use);
}

async function fetchUrl<T>(site: Site, wanted: Wanted, url: URL, use: (fetched: Fetched) => Promise<T>): Promise<T> {
  await using client = httpClient(site.rules, site.limits, site.environment);
  const partial = await takePartial(site.downloads, url.href);
  try {
    const request = {
      ...wanted,
      url,
      client,
      limits: site.limits,
      emit: site.emit,
      checked: wanted.checksums.length > 0,
    };
    let transferred = await transfer(request, partial);
    let mismatch = mismatchOf(shownUri(url), transferred, wanted.checksums);
    if (mismatch !== undefined && transferred.pieced) {
      // The halves may be of two versions: that is ours to put right before anyone is told.
      await startOver(partial, url, wanted.signal);
      transferred = await transfer(request, { ...partial, facts: undefined });
      mismatch = mismatchOf(shownUri(url), transferred, wanted.checksums);
    }
    if (mismatch !== undefined) throw mismatch;
    const result = await use({ path: partial.body, ...transferred });
    await partial.remove();
    return result;
  } catch (error) {
    await (isResumable(error) ? partial.keep(wanted.checksums.length > 0) : partial.remove());
    throw error;
  }
}

async function startOver(partial: PartialDownload, url: URL, signal: AbortSignal): Promise<void> {
  await using writer = await partialWriter(partial, shownUri(url), signal);
  await writer.restart();
}

async function fetchFile<T>(
  site: Site,
  wanted: Wanted,
  path: string,
  directories: readonly string[],
  use: (fetched: Fetched) => Promise<T>,
): Promise<T> {
  await using file = await openBelow(wanted.uri, path, directories);
  const scratch = await scratchPartial(site.downloads);
  try {
    const copied = await copy(wanted, file, scratch);
    const mismatch = mismatchOf(wanted.uri, copied, wanted.checksums);
    if (mismatch !== undefined) throw mismatch;
    return await use({ path: scratch.body, ...copied });
  } finally {
    await scratch.remove();
  }
}

async function copy(
  wanted: Wanted,
  file: Awaited<ReturnType<typeof openBelow>>,
  scratch: PartialDownload,
): Promise<Transferred> {
  const { size } = await file.stat();
  await using writer = await partialWriter(scratch, wanted.uri, wanted.signal);
  await writer.expectMore(size);
  for await (const piece of file.createReadStream({ autoClose: false, signal: wanted.signal })) {
    await writer.append(piece as Buffer);
    if (wanted.most !== undefined && writer.size > wanted.most.bytes) {
      const { bytes: limitBytes, hint } = wanted.most;
      throw artifactError('ArtifactTooLarge', { uri: wanted.uri, limitBytes, hint });
    }
    wanted.onProgress(writer.size, size);
  }
  await writer.flush();
  return { sizeBytes: writer.size, ...writer.digests.finish(), pieced: false };
}

function mismatchOf(uri: string, content: Transferred, checksums: readonly Checksum[]) {
  const wrong = checksums.find(({ algorithm, digest }) => content[algorithm] !== digest.toLowerCase());
  if (wrong === undefined) return undefined;
  const { algorithm, digest: expected } = wrong;
  return artifactError('ChecksumMismatch', { uri, algorithm, expected, actual: content[algorithm] });
}
