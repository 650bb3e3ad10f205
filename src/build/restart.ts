import { machineError } from '../errors/machine.ts';
import type { GuestSession } from './guest-session.ts';

/** A guest that said it would restart and then stays has canceled it, or hangs in its shutdown. */
export const SHUTDOWN_MS = 300_000;
/**
 * How long a guest that has dropped the connection may take until its machine restarts: sshd may end first, and systemd
 * gives every other service 90 s.
 */
const RESTART_MS = 150_000;

/**
 * Logs in again to a guest that has dropped the connection because it restarts, and waits until it is ready.
 *
 * @param going `restartsBefore`: of the machine, before it was asked to; `during`: what went on, for messages
 * @returns when the guest answered, as `performance.now()`
 * @throws KilnError `GuestConnectionLost` when it did not restart; those of `GuestSession.open`
 */
export async function comeBack(
  session: GuestSession,
  going: { readonly restartsBefore: number; readonly during: string },
  signal: AbortSignal,
): Promise<{ readonly reachedAt: number }> {
  const { restartsBefore, during } = going;
  session.close();
  const lost = new AbortController();
  const timer = setTimeout(() => {
    const reason = 'it cannot be reached any more, and the machine did not restart';
    if (session.machine.restarts === restartsBefore)
      lost.abort(machineError('GuestConnectionLost', { during, reason }));
  }, RESTART_MS);
  try {
    const { restarted, reachedAt } = await session.open(AbortSignal.any([signal, lost.signal]));
    if (!restarted)
      throw machineError('GuestConnectionLost', { during, reason: 'the guest is still in the same boot' });
    return { reachedAt };
  } finally {
    clearTimeout(timer);
  }
}
