import type { FastifyInstance, FastifyReply } from 'fastify';
import { armError } from '../errors/arm.ts';
import type { Answer, Dispatcher } from '../providers/dispatcher.ts';
import { correlationId } from './request-ids.ts';

export interface ArmRoutesOptions {
  readonly dispatcher: Pick<Dispatcher, 'answer'>;
  /** The service's own address, without a `/` at its end: whatever name a client used, what it is told is this. */
  readonly url: () => string;
}

/** Everything that no other route has is Azure Resource Manager's. */
export async function armRoutes(app: FastifyInstance, options: ArmRoutesOptions): Promise<void> {
  app.all('/*', { exposeHeadRoute: false, config: { routeClass: 'arm' } }, async (request, reply) => {
    const { caller } = request;
    if (caller === undefined) throw new Error('a route of Azure Resource Manager without authentication');
    // Slashes in front would make the path a host.
    const address = options.url() + request.url.replace(/^\/+/, '/');
    if (!URL.canParse(address)) throw armError('InvalidUri', { reason: 'it is no URL' });
    const clientRequestId = request.headers['x-ms-client-request-id'];
    const answer = await options.dispatcher.answer({
      method: request.method,
      url: new URL(address),
      text: Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '',
      caller,
      requestId: request.id,
      correlationId: correlationId(request.raw),
      clientRequestId: typeof clientRequestId === 'string' ? clientRequestId : undefined,
    });
    if (answer.action !== 'unknown') request.routeClass = answer.action;
    if (answer.failure !== undefined) request.log.error({ err: answer.failure }, 'a request could not be answered');
    return send(reply, answer);
  });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.status(answer.status).headers({ ...answer.headers });
  if (answer.body === undefined) return reply.send();
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.body));
}
