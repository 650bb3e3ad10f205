import { ownerName } from '../home/process-lock.ts';
import { HEARTBEAT_MS, noteHeartbeat } from '../store/run-queue.ts';
import type { Store } from '../store/store.ts';

/**
 * Says regularly that this process is at work on a run: other machines cannot see it. A database that cannot be written now may be
 * by the next time.
 *
 * @param lost called when the run is not this process's any more: it was stopped for so long that others have ended the run
 * @returns what ends it
 */
export function startHeartbeat(store: Store, runId: string, lost: () => void, everyMs = HEARTBEAT_MS): () => void {
  const owner = ownerName();
  const timer = setInterval(() => {
    noteHeartbeat(store, runId, owner).then(
      own => {
        if (own) return;
        clearInterval(timer);
        lost();
      },
      () => undefined,
    );
  }, everyMs);
  return () => clearInterval(timer);
}
