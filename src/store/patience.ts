import { setTimeout as sleep } from 'node:timers/promises';
import { storeError } from '../errors/store.ts';

/** How long a process waits for others that write, in seconds. Each holds the lock for milliseconds. */
export const PATIENCE_SECONDS = 60;

/**
 * Tries again as long as others are in the way.
 *
 * @param store what an error calls the database
 * @throws KilnError `StoreBusy`, and what `attempt` throws besides being busy.
 */
export async function whileBusy<T>(
  store: string,
  isBusy: (error: unknown) => boolean,
  attempt: () => T | Promise<T>,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (Date.now() > deadline) throw storeError('StoreBusy', { store, seconds: PATIENCE_SECONDS }, { cause: error });
      await sleep(10 + Math.random() * 40);
    }
  }
}
