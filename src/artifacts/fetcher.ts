import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SiteConfig } from '../config/site-config.ts';
import { artifactError } from '../errors/artifacts.ts';
import { KilnError } from '../errors/kiln-error.ts';
import type { Emit } from '../events/build-event.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { giveToBuildUser } from '../sandbox/build-user.ts';
import type { ArtifactNeed, FetchedArtifact } from '../steps/step.ts';
import { addressGuard } from './address-guard.ts';
import { baseName, type Checksum, checksumFor } from './checksum-file.ts';
import { type ResolveName, systemResolver } from './connector.ts';
import { fetchBytes, type Site } from './fetch-bytes.ts';
import { FETCH_LIMITS, type FetchLimits } from './fetch-limits.ts';
import type { AllowedFiles } from './local-file.ts';
import { mirrorMap } from './mirrors.ts';
import { scratchPartial, sweepPartials } from './partial.ts';
import { publish } from './publish.ts';
import { shownUri } from './shown-uri.ts';
import { verifiedText } from './signature.ts';

export interface FetcherOptions {
  readonly home: KilnHome;
  readonly config: SiteConfig;
  /** Opens files on this machine to the template: given on the command line only. */
  readonly allowFiles?: AllowedFiles;
  readonly emit: Emit;
  readonly limits?: Partial<FetchLimits>;
  readonly resolve?: ResolveName;
  /** Where proxies are named. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** The only way in for what a template or a catalogue names. */
export interface Fetcher {
  /**
   * A template's script or file, as `<directory>/<sha256>`, mode 0600. Errors carry the JSON path as `target`.
   *
   * @throws KilnError every kind of `errors/artifacts.ts`; the signal's reason when aborted.
   */
  fetchArtifact(need: ArtifactNeed, directory: string, signal: AbortSignal): Promise<FetchedArtifact>;
  /**
   * A large file to exactly `destination`, mode 0600, owned by the build user. An unfinished download is continued.
   *
   * @throws KilnError every kind of `errors/artifacts.ts`, `ToolMissing` (gpgv); the signal's reason when aborted.
   */
  download(request: DownloadRequest): Promise<Downloaded>;
}

export interface DownloadRequest {
  readonly url: string;
  readonly destination: string;
  /** Digests that are known beforehand, hexadecimal. */
  readonly expect?: { readonly sha256?: string; readonly sha512?: string };
  /** A file of the publisher that lists the checksum. */
  readonly checksumUrl?: string;
  /** A detached signature of that file. Without it, a keyring means that the file is a clear-signed message. */
  readonly signatureUrl?: string;
  /** File with the keys that may sign the checksum file. */
  readonly keyring?: string;
  readonly maxBytes?: number;
  /** Bytes so far, and in all when the server says so: four times a second, and at the end. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  readonly signal: AbortSignal;
}

export interface Downloaded {
  readonly sha256: string;
  readonly sizeBytes: number;
}

const MIB = 1024 * 1024;
const LARGE_FILE = 20 * MIB;
const LARGEST_CHECKSUM_FILE = 4 * MIB;

/** @throws KilnError `ConfigInvalid` for `network.allow` and `mirrors` of the configuration, and for proxies. */
export function createFetcher(options: FetcherOptions): Fetcher {
  const { home, config, emit } = options;
  const site: Site = {
    downloads: home.downloads,
    rules: {
      guard: addressGuard(config.network.allow, home.config),
      configFile: home.config,
      resolve: options.resolve ?? systemResolver,
    },
    locate: mirrorMap(config.mirrors, home.config),
    allowFiles: options.allowFiles,
    limits: { ...FETCH_LIMITS, ...options.limits },
    environment: options.environment ?? process.env,
    emit,
  };
  const most = { bytes: config.artifacts.maxMiB * MIB, hint: `The limit is \`artifacts.maxMiB\` in ${home.config}.` };
  return {
    fetchArtifact: async (need, directory, signal) => {
      const checksums: Checksum[] = need.sha256 === '' ? [] : [{ algorithm: 'sha256', digest: need.sha256 }];
      const wanted = { uri: need.uri, checksums, most, signal, onProgress: () => undefined };
      return withTarget(need.path, async () => {
        await sweepPartials(site.downloads);
        return fetchBytes(site, wanted, async ({ path, sha256, sizeBytes }) => {
          const stored = join(directory, sha256);
          await publish(path, stored);
          if (need.kind === 'file' && sizeBytes > LARGE_FILE) emit(largeFileWarning(need.uri, sizeBytes));
          return { uri: need.uri, path: stored, sha256, sizeBytes };
        });
      });
    },
    download: async request => {
      await sweepPartials(site.downloads);
      const wanted = {
        uri: request.url,
        checksums: [...statedChecksums(request), ...(await publishedChecksums(site, request))],
        signal: request.signal,
        onProgress: spaced(request.onProgress ?? (() => undefined)),
        ...(request.maxBytes === undefined
          ? {}
          : { most: { bytes: request.maxBytes, hint: 'Check that the address leads to the disk that is meant.' } }),
      };
      return fetchBytes(site, wanted, async ({ path, sha256, sizeBytes }) => {
        await giveToBuildUser(path);
        await publish(path, request.destination);
        request.onProgress?.(sizeBytes, sizeBytes);
        return { sha256, sizeBytes };
      });
    },
  };
}

/** Passes on at most four calls a second: a body comes in thousands of pieces. */
function spaced(report: (done: number, total: number | undefined) => void): typeof report {
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const now = performance.now();
    if (now - last < 250) return;
    last = now;
    report(done, total);
  };
}

function statedChecksums({ expect }: DownloadRequest): Checksum[] {
  return [
    ...(expect?.sha256 === undefined ? [] : [{ algorithm: 'sha256', digest: expect.sha256 } as const]),
    ...(expect?.sha512 === undefined ? [] : [{ algorithm: 'sha512', digest: expect.sha512 } as const]),
  ];
}

async function publishedChecksums(site: Site, request: DownloadRequest): Promise<Checksum[]> {
  const { checksumUrl, signatureUrl, keyring, signal } = request;
  if (checksumUrl === undefined) return [];
  const uri = shownUri(checksumUrl);
  if (signatureUrl !== undefined && keyring === undefined) {
    throw artifactError('SignatureInvalid', { uri, keyring: 'the catalogue', reason: 'no keyring is named' });
  }
  const text = await smallFile(site, checksumUrl, signal);
  const signature = signatureUrl === undefined ? {} : { signature: await smallFile(site, signatureUrl, signal) };
  const trusted =
    keyring === undefined
      ? text.toString('utf8')
      : await inScratch(site, scratch => verifiedText({ text, uri, keyring, ...signature }, scratch, signal));
  return [checksumFor(trusted, baseName(request.url), checksumUrl)];
}

function smallFile(site: Site, uri: string, signal: AbortSignal): Promise<Buffer> {
  const most = { bytes: LARGEST_CHECKSUM_FILE, hint: 'Check that the address leads to a checksum file or signature.' };
  return fetchBytes(site, { uri, checksums: [], most, signal, onProgress: () => undefined }, ({ path }) =>
    readFile(path),
  );
}

async function inScratch<T>(
  site: Site,
  work: (scratch: Awaited<ReturnType<typeof scratchPartial>>) => Promise<T>,
): Promise<T> {
  const scratch = await scratchPartial(site.downloads);
  try {
    return await work(scratch);
  } finally {
    await scratch.remove();
  }
}

async function withTarget<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof KilnError ? error.with({ target }) : error;
  }
}

function largeFileWarning(uri: string, sizeBytes: number) {
  const size = (sizeBytes / MIB).toFixed(0);
  const message = `${shownUri(uri)} has ${size} MiB. Azure's File customizer is meant for files up to 20 MiB.`;
  return { type: 'log', level: 'warning', message } as const;
}
