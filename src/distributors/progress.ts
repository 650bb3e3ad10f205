import type { Emit } from '../events/build-event.ts';

/** Nobody reads faster, and every event is written to the run's log. */
const INTERVAL_MS = 200;

/** Emits `progress` events for one thing that takes long: now and then, and when it is done. */
export function progressOf(emit: Emit, what: string, unit: 'bytes' | 'percent'): (done: number, total: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  let finished = false;
  return (done, total) => {
    if (finished) return;
    finished = done >= total;
    const now = performance.now();
    if (!finished && now - last < INTERVAL_MS) return;
    last = now;
    emit({ type: 'progress', what, done, total, unit });
  };
}
