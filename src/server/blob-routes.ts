import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathSegments } from '../arm/route-table.ts';
import { armError } from '../errors/arm.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { BLOBS } from '../providers/blob-address.ts';
import type { BlobEntry, BlobFiles, OpenBlob } from '../providers/storage/blob-files.ts';
import { byteRange } from './blob-range.ts';
import type { BlobSignatures } from './signed-url.ts';
import { escapeXml, listOfBlobs, listOfContainers } from './storage-xml.ts';

export interface BlobRoutesOptions {
  readonly files: BlobFiles;
  readonly signatures: BlobSignatures;
  /** @throws KilnError with status 401; answered by the server as for any other route */
  readonly authenticate: (headers: IncomingHttpHeaders) => Promise<unknown>;
}

const LARGEST_PAGE = 5000;

/** Reading blobs of storage accounts, as Azure Storage has it: with a token, or with a signature in the address. */
export async function blobRoutes(app: FastifyInstance, options: BlobRoutesOptions): Promise<void> {
  // A signature does instead of a token: who has neither is told so below.
  const config = { anonymous: true, routeClass: 'blobs' };
  const method = ['GET', 'HEAD'];
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.route({ method, url: `${BLOBS}/*`, config, handler: (request, reply) => answer(options, request, reply) });
}

async function answer(options: BlobRoutesOptions, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { files, signatures } = options;
  const url = new URL(request.url.replace(/^\/+/, '/'), 'https://blobs');
  const [, account = '', container, ...rest] = pathSegments(url.pathname);
  const path = [BLOBS, account, ...(container === undefined ? [] : [container]), ...rest].join('/');
  const isList = url.searchParams.get('comp')?.toLowerCase() === 'list';
  // Below a container there are blobs, and nothing else to list.
  const needed = isList && rest.length === 0 ? 'l' : 'r';
  if (!signatures.allows(path, url.searchParams, needed)) await options.authenticate(request.headers);
  reply.header('x-ms-version', versionIn(request.headers));
  if (container === undefined) {
    if (!isList) throw armError('InvalidUri', { reason: 'it names no container' });
    return xml(reply, listOfContainers(addressOf(request, account), await files.containers(account)));
  }
  if (rest.length > 0) return sendBlob(await files.open({ account, container, path: rest.join('/') }), request, reply);
  if (!isList || url.searchParams.get('restype')?.toLowerCase() !== 'container') {
    throw armError('InvalidUri', { reason: 'it names no blob; `?restype=container&comp=list` lists them' });
  }
  return sendList(options.files, { account, container, query: url.searchParams }, request, reply);
}

async function sendList(
  files: BlobFiles,
  {
    account,
    container,
    query,
  }: { readonly account: string; readonly container: string; readonly query: URLSearchParams },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const prefix = query.get('prefix') ?? '';
  const marker = query.get('marker') ?? '';
  const most = Number(query.get('maxresults') ?? LARGEST_PAGE);
  if (!Number.isInteger(most) || most < 1) {
    throw armError('InvalidParameter', { name: 'maxresults', reason: 'it is not a whole number above 0' });
  }
  const after = Buffer.from(marker, 'base64url').toString();
  const all = (await files.list(account, container, prefix)).filter(({ name }) => name > after);
  const page = all.slice(0, Math.min(most, LARGEST_PAGE));
  const last: BlobEntry | undefined = page.length < all.length ? page.at(-1) : undefined;
  const next = last === undefined ? '' : Buffer.from(last.name).toString('base64url');
  return xml(
    reply,
    listOfBlobs({ endpoint: addressOf(request, account), container, prefix, marker, next, blobs: page }),
  );
}

/** From here on the file is the answer's: it is closed when that ends, however that is. */
async function sendBlob(blob: OpenBlob, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { file, size, etag, modified } = blob;
  try {
    const { headers, method } = request;
    reply.headers({
      etag,
      'last-modified': modified.toUTCString(),
      'accept-ranges': 'bytes',
      'x-ms-blob-type': 'BlockBlob',
    });
    if (headers['if-none-match'] === etag) {
      await file.close();
      return reply.code(304).send();
    }
    // A part of what is another blob by now is of no use.
    const changed = headers['if-range'] !== undefined && headers['if-range'] !== etag;
    const asked = headers['x-ms-range'] ?? headers.range;
    const range = changed || Array.isArray(asked) ? undefined : byteRange(asked, size);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    reply.type(contentType(blob.name)).header('content-length', end - start + 1);
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    if (method === 'HEAD' || size === 0) {
      await file.close();
      return reply.send(method === 'HEAD' ? undefined : '');
    }
    // A log grows while it is read: what was said of its length holds.
    return reply.send(file.createReadStream({ start, end }));
  } catch (error) {
    await file.close();
    if (error instanceof KilnError && error.code === 'InvalidRange') reply.header('content-range', `bytes */${size}`);
    throw error;
  }
}

function contentType(name: string): string {
  return name.endsWith('.log') ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

function xml(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/xml; charset=utf-8').send(text);
}

function addressOf(request: FastifyRequest, account: string): string {
  return `${request.protocol}://${request.host}${BLOBS}/${account}/`;
}

function versionIn(headers: IncomingHttpHeaders): string {
  const version = headers['x-ms-version'];
  return typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version) ? version : '2021-08-06';
}

/** What is missing is said as Azure Storage does. Everything else, a missing token among it, the server answers. */
function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof KilnError) || error.status === 401 || error.status >= 500) throw error;
  const said = `${error.message} ${error.todo}`;
  const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${escapeXml(said)}</Message></Error>`;
  reply.removeHeader('content-length');
  return xml(reply.code(error.status).header('x-ms-error-code', error.code), text);
}
