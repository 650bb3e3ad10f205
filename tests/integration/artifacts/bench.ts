import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createFetcher, type Fetcher, type FetcherOptions } from '../../../src/artifacts/fetcher.ts';
import { parseSiteConfig, type SiteConfig } from '../../../src/config/site-config.ts';
import type { BuildEventBody } from '../../../src/events/build-event.ts';
import { type KilnHome, kilnHome } from '../../../src/home/kiln-home.ts';
import type { ArtifactNeed } from '../../../src/steps/step.ts';

export interface Bench {
  readonly home: KilnHome;
  readonly fetcher: Fetcher;
  readonly events: BuildEventBody[];
  /** An empty directory for what is fetched. */
  readonly out: string;
  /** Names in the directory of unfinished downloads. */
  leftovers(): Promise<string[]>;
}

export const QUICK = { attempts: 3, pause: 5, connect: 2000, headers: 2000, idle: 2000 };

/** A fetcher on a fresh home whose site is loopback, unless the configuration says otherwise. */
export async function bench(config: unknown = {}, more: Partial<FetcherOptions> = {}): Promise<Bench> {
  const root = await freshDirectory();
  const home = kilnHome({ KILN_HOME: root });
  const events: BuildEventBody[] = [];
  const site: SiteConfig = parseSiteConfig(
    JSON.stringify({ network: { allow: ['127.0.0.1'] }, ...(config as object) }),
    home.config,
  );
  const out = join(root, 'out');
  await mkdir(out);
  const emit = (event: BuildEventBody) => void events.push(event);
  const fetcher = createFetcher({ home, config: site, emit, limits: QUICK, environment: {}, ...more });
  return { home, fetcher, events, out, leftovers: () => readdir(home.downloads).catch(() => []) };
}

/** Readable by the build user, gone with the test. */
export async function freshDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kiln-artifacts-'));
  await rm(path, { recursive: true });
  await mkdir(path, { mode: 0o755 });
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback, gone with the test. Returns its origin without a slash at the end. */
export async function serve(handler: Handler): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers like a file server: ranges, `If-Range`, entity tag. */
export function file(content: Buffer, etag = '"one"'): Handler {
  return (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const from = range !== null && same ? Number(range[1]) : 0;
    response.setHeader('etag', etag);
    response.setHeader('content-length', content.length - from);
    if (range !== null && same) {
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${from}-${content.length - 1}/${content.length}`);
    }
    response.end(content.subarray(from));
  };
}

/** Announces all of `content`, sends the first `bytes`, and cuts the connection. An empty `etag` is not sent. */
export function cutAfter(content: Buffer, bytes: number, etag = '"one"'): Handler {
  return (_request, response) => {
    if (etag !== '') response.setHeader('etag', etag);
    response.setHeader('content-length', content.length);
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };
}

/** Gives each request to the next handler; the last one keeps answering. */
export function inTurn(...handlers: readonly Handler[]): Handler & { readonly requests: IncomingMessage[] } {
  const requests: IncomingMessage[] = [];
  const handler: Handler = (request, response) => {
    requests.push(request);
    handlers[Math.min(requests.length, handlers.length) - 1]?.(request, response);
  };
  return Object.assign(handler, { requests });
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Handler {
  return (_request, response) => {
    response.writeHead(code, headers).end('no');
  };
}

export const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 256));

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export function need(uri: string, checksum = ''): ArtifactNeed {
  return { uri, sha256: checksum, path: 'properties.customize[0].scriptUri', kind: 'script' };
}

export const never = new AbortController().signal;
