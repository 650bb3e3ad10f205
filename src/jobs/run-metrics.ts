import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RunRecord } from '../store/runs.ts';

const MINUTE = 60;

/** What is counted about runs. */
export interface RunMetrics {
  readonly now: (queued: number, running: number) => void;
  readonly ended: (run: RunRecord) => void;
}

export function runMetrics(registry: Registry): RunMetrics {
  const registers = [registry];
  const queued = new Gauge({ name: 'kiln_runs_queued', help: 'Runs that wait for their turn.', registers });
  const running = new Gauge({ name: 'kiln_runs_running', help: 'Runs that a process works on.', registers });
  const ends = new Counter({ name: 'kiln_runs_total', help: 'Runs that ended.', labelNames: ['status'], registers });
  const durations = new Histogram({
    name: 'kiln_run_duration_seconds',
    help: 'Time from the beginning of a run to its end.',
    labelNames: ['status'],
    buckets: [1, 3, 5, 10, 20, 30, 60, 120, 240].map(minutes => minutes * MINUTE),
    registers,
  });
  const waits = new Histogram({
    name: 'kiln_run_wait_seconds',
    help: 'Time from the acceptance of a run to its beginning.',
    buckets: [1, 10, MINUTE, 10 * MINUTE, 60 * MINUTE, 480 * MINUTE],
    registers,
  });
  return {
    now: (waiting, working) => {
      queued.set(waiting);
      running.set(working);
    },
    ended: ({ status, startedAt, endedAt, accepted }) => {
      ends.inc({ status });
      if (endedAt === undefined) return;
      durations.observe({ status }, secondsBetween(startedAt, endedAt));
      if (accepted !== undefined) waits.observe(secondsBetween(accepted.acceptedAt, startedAt));
    },
  };
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
