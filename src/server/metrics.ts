import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** What is counted, in Prometheus's terms. Other parts of the service register their own metrics in `registry`. */
export interface Metrics {
  readonly registry: Registry;
  /** @param route class of the route, not its path: a metric has few label values */
  readonly request: (route: string, method: string, status: number, seconds: number) => void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS'];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'kiln_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'kiln_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['route', 'method'],
    buckets: SECONDS,
    registers: [registry],
  });
  return {
    registry,
    request: (route, method, status, seconds) => {
      // A client can send any word as a method.
      const known = METHODS.includes(method) ? method : 'other';
      requests.inc({ route, method: known, status: String(status) });
      durations.observe({ route, method: known }, seconds);
    },
  };
}
