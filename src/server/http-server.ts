import { createServer as createHttpsServer } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { errorBody } from '../arm/error-body.ts';
import { armError } from '../errors/arm.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { serviceError } from '../errors/service.ts';
import { printable } from '../events/printable.ts';
import type { Caller } from '../identity/tokens.ts';
import { type Authenticate, challenge } from './authenticate.ts';
import type { CertificateAndKey } from './certificates.ts';
import { answerClientError } from './client-error.ts';
import { loggerOptions } from './log.ts';
import type { Metrics } from './metrics.ts';
import { correlationId, newRequestId, returnedClientRequestId } from './request-ids.ts';
import type { ServiceUrls } from './service-urls.ts';

/** What Azure Resource Manager takes in one request. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** A client that sends its head, or its whole request, slower than this is cut off. */
const HEADERS_MS = 15_000;
const REQUEST_MS = 60_000;
/** A connection on which nothing moves: a client that does not read its answer. Streams have to send something more often. */
const IDLE_MS = 120_000;
/** Longer than proxies keep a connection for later, so that the service is never the one that closes it under them. */
const KEEP_ALIVE_MS = 72_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    anonymous?: boolean;
    /** What its requests are counted as. */
    routeClass?: string;
  }
  interface FastifyRequest {
    /** Who makes the request; `undefined` on routes that need no token. */
    caller: Caller | undefined;
    /** What its request is counted as; that of the route, unless a handler knows better. */
    routeClass: string;
  }
}

/** The service's server. */
export interface HttpServer {
  /** Takes routes. Bodies arrive in them as `Buffer`, whatever their type says; `request.id` is the `x-ms-request-id`. */
  readonly app: FastifyInstance;
  /** From now on, for new connections. */
  useCertificate(pair: CertificateAndKey): void;
}

export interface HttpServerParts {
  readonly tls: CertificateAndKey;
  readonly urls: ServiceUrls;
  readonly authenticate: Authenticate;
  readonly metrics: Metrics;
  readonly logLevel: string;
  readonly logTo: NodeJS.WritableStream;
}

/**
 * An HTTPS server with everything that is the same for all requests: limits, ids, log, token, errors. Routes are registered by the
 * caller; one without `anonymous` in its `config` is reached with a token only.
 */
export function createServer(parts: HttpServerParts): HttpServer {
  const { tls, urls, authenticate, metrics } = parts;
  const server = createHttpsServer({
    ...secureContext(tls),
    handshakeTimeout: HEADERS_MS,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    // How often these two limits are looked at.
    connectionsCheckingInterval: 5000,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.setTimeout(IDLE_MS);
  const app = Fastify({
    serverFactory: handler => server.on('request', handler),
    clientErrorHandler: answerClientError,
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: false,
    // `az` doubles slashes and changes case.
    routerOptions: {
      caseSensitive: false,
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: 2048,
    },
    genReqId: newRequestId,
    logController: new LogController({ requestIdLogLabel: 'requestId', disableRequestLogging: true }),
    logger: loggerOptions(parts.logLevel, parts.logTo),
    childLoggerFactory: (logger, bindings, options, raw) =>
      logger.child({ ...bindings, correlationId: correlationId(raw) }, options),
    frameworkErrors: (error, request, reply) => {
      putIds(request, reply);
      return answerError(error, request, reply, urls);
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.decorateRequest('caller', undefined);
  app.decorateRequest('routeClass', '');

  // Hooks with `done` cost less than those that return a promise, in every request.
  app.addHook('onRequest', (request, reply, done) => {
    putIds(request, reply);
    const { config } = request.routeOptions;
    request.routeClass = config?.routeClass ?? 'other';
    if (config?.anonymous === true) {
      done();
      return;
    }
    // Before the body is read: who has no token does not fill the memory.
    authenticate(request.headers).then(caller => {
      request.caller = caller;
      done();
    }, done);
  });
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // Else a client keeps the connection of a request that was under way, and the server waits for it.
    if (closing) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeClass, caller } = request;
    const { statusCode, elapsedTime } = reply;
    metrics.request(routeClass, method, statusCode, elapsedTime / 1000);
    request.log.info(
      {
        method,
        path: pathOf(request.url),
        status: statusCode,
        milliseconds: Math.round(elapsedTime * 10) / 10,
        route: routeClass,
        ...(caller === undefined ? {} : { principal: caller.objectId }),
      },
      'request',
    );
    done();
  });
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, urls));
  app.setNotFoundHandler(request => {
    throw armError('NotFound', { path: pathOf(request.url) });
  });
  return { app, useCertificate: pair => server.setSecureContext(secureContext(pair)) };
}

function secureContext({ certificate, key }: CertificateAndKey) {
  return { cert: certificate, key, minVersion: 'TLSv1.2' } as const;
}

function putIds(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-ms-request-id', request.id);
  reply.header('x-ms-correlation-request-id', correlationId(request.raw));
  const clientRequestId = returnedClientRequestId(request.headers);
  if (clientRequestId !== undefined) reply.header('x-ms-client-request-id', clientRequestId);
  reply.header('cache-control', 'no-cache');
  reply.header('x-content-type-options', 'nosniff');
}

function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, urls: ServiceUrls): FastifyReply {
  const error = knownError(thrown, request, reply);
  if (error.status === 401) reply.header('www-authenticate', challenge(urls, error.code, error.message));
  // Fastify closes a connection whose body it does not read, by which a client that is still sending may lose the answer.
  reply.removeHeader('connection');
  return reply.code(error.status).type('application/json; charset=utf-8').send(errorBody(error));
}

/** What was thrown, as an error for the client. What nobody foresaw is told to the log only. */
function knownError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): KilnError {
  if (thrown instanceof KilnError) {
    if (thrown.status >= 500) request.log.error({ err: thrown }, thrown.message);
    return thrown;
  }
  const { code, statusCode, message } = fastifyError(thrown);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return armError('RequestContentTooLarge', { limit: BODY_LIMIT_BYTES });
  }
  if (code === 'FST_ERR_BAD_URL') return armError('InvalidUri', { reason: 'it is not encoded as a URL is' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return serviceError('InvalidRequest', { reason: message }, { status: statusCode });
  }
  request.log.error({ err: thrown }, 'unforeseen');
  const id = String(reply.getHeader('x-ms-correlation-request-id') ?? request.id);
  return serviceError('InternalServerError', { id });
}

function fastifyError(thrown: unknown): {
  readonly code: unknown;
  readonly statusCode: number | undefined;
  readonly message: string;
} {
  if (!(thrown instanceof Error)) return { code: undefined, statusCode: undefined, message: String(thrown) };
  const statusCode = 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
  return { code: 'code' in thrown ? thrown.code : undefined, statusCode, message: thrown.message };
}

/** Without the query, in which there may be a signature, and safe to be shown on a terminal. */
function pathOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return /[^\x21-\x7e]/.test(path) ? printable(path) : path;
}
