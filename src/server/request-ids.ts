import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A new `x-ms-request-id`: an upper-case GUID, as operations have it. */
export function newRequestId(): string {
  return randomUUID().toUpperCase();
}

const CORRELATION = Symbol('correlation id');

interface Correlated extends IncomingMessage {
  [CORRELATION]?: string;
}

/** What a client calls a series of requests, if it is a GUID; else a GUID of this request. */
export function correlationId(request: Correlated): string {
  const known = request[CORRELATION];
  if (known !== undefined) return known;
  const given = single(request.headers, 'x-ms-correlation-request-id');
  const id = given !== undefined && GUID.test(given) ? given : randomUUID();
  request[CORRELATION] = id;
  return id;
}

/** The client's own id of a request, when it wants to have it back. */
export function returnedClientRequestId(headers: IncomingHttpHeaders): string | undefined {
  if (single(headers, 'x-ms-return-client-request-id')?.toLowerCase() !== 'true') return undefined;
  const id = single(headers, 'x-ms-client-request-id');
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined;
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
