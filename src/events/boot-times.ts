import type { BootOptimization } from './build-event.ts';

/** What came of the optimization of the boot, in one line. */
export function bootTimes({ beforeSeconds, afterSeconds, done }: BootOptimization): string {
  const [before, after] = [beforeSeconds.toFixed(1), afterSeconds.toFixed(1)];
  if (done.length === 0) return `A restart takes ${before} s; there was nothing to make faster`;
  return `A restart took ${before} s and takes ${after} s now`;
}
