import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface HealthRouteParts {
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
}

/** Liveness and readiness for who watches the service, and metrics for who has a token. */
export async function healthRoutes(app: FastifyInstance, { metrics, readiness }: HealthRouteParts): Promise<void> {
  const config = { anonymous: true, routeClass: 'health' };
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.get('/healthz', { config }, () => ({ status: 'ok' }));
  app.get('/readyz', { config }, async (request, reply) => {
    const { ready, checks, reasons } = await readiness();
    if (!ready) {
      request.log.error({ reasons }, 'not ready');
      reply.code(503);
    }
    return { status: ready ? 'ready' : 'not ready', checks };
  });
  app.get('/metrics', { config: { routeClass: 'metrics' } }, async (_request, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}
