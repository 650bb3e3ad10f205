import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { armError } from '../errors/arm.ts';
import type { Answer, Dispatcher } from '../providers/dispatcher.ts';
import { AnswerCache } from './answer-cache.ts';
import { correlationId } from './request-ids.ts';

export interface ArmRoutesOptions {
  readonly dispatcher: Pick<Dispatcher, 'answer'>;
  /** The service's own address, without a `/` at its end: whatever name a client used, what it is told is this. */
  readonly url: () => string;
  /** Another number after every commit to the database; without it no answer is given twice. */
  readonly dataVersion: (() => number) | undefined;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** Everything that no other route has is Azure Resource Manager's. */
export async function armRoutes(app: FastifyInstance, options: ArmRoutesOptions): Promise<void> {
  const cache = options.dataVersion === undefined ? undefined : new AnswerCache(options.dataVersion);
  app.all('/*', { exposeHeadRoute: false, config: { routeClass: 'arm' } }, async (request, reply) => {
    const { caller } = request;
    if (caller === undefined) throw new Error('a route of Azure Resource Manager without authentication');
    // Whoever asks is a part of the key: what one may read, another may not.
    const key = request.method === 'GET' ? `${caller.objectId} ${request.url}` : undefined;
    const kept = key === undefined ? undefined : cache?.get(key);
    if (kept !== undefined) {
      request.routeClass = kept.action;
      return reply.status(kept.status).type(JSON_TYPE).send(kept.body);
    }
    const begun = cache?.version();
    const answer = await options.dispatcher.answer(callOf(request, caller, options.url()));
    if (answer.action !== 'unknown') request.routeClass = answer.action;
    if (answer.failure !== undefined) request.log.error({ err: answer.failure }, 'a request could not be answered');
    const body = answer.body === undefined ? undefined : Buffer.from(JSON.stringify(answer.body));
    if (answer.fromDatabase && key !== undefined && body !== undefined && begun !== undefined) {
      cache?.keep(key, { action: answer.action, status: answer.status, body }, begun);
    }
    return send(reply, answer, body);
  });
}

function callOf(request: FastifyRequest, caller: NonNullable<FastifyRequest['caller']>, base: string) {
  // Slashes in front would make the path a host.
  const address = base + request.url.replace(/^\/+/, '/');
  if (!URL.canParse(address)) throw armError('InvalidUri', { reason: 'it is no URL' });
  const clientRequestId = request.headers['x-ms-client-request-id'];
  return {
    method: request.method,
    url: new URL(address),
    text: Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '',
    caller,
    requestId: request.id,
    correlationId: correlationId(request.raw),
    clientRequestId: typeof clientRequestId === 'string' ? clientRequestId : undefined,
  };
}

function send(reply: FastifyReply, answer: Answer, body: Buffer | undefined): FastifyReply {
  reply.status(answer.status).headers({ ...answer.headers });
  return body === undefined ? reply.send() : reply.type(JSON_TYPE).send(body);
}
