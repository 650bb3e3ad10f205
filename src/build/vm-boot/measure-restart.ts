import { performance } from 'node:perf_hooks';
import { buildError } from '../../errors/build.ts';
import { GuestDisconnected } from '../../guest/guest-channel.ts';
import type { GuestSession } from '../guest-session.ts';
import { comeBack, SHUTDOWN_MS } from '../restart.ts';
import { startupSeconds } from './startup-time.ts';

export interface BootTime {
  /** From asking for the restart until the guest answered over SSH in another boot. */
  readonly seconds: number;
  /** What its systemd says that the start took; absent where it does not say. */
  readonly systemdSeconds: number | undefined;
}

/** A guest that is going down although the command failed has dropped the connection by then. */
const REFUSED_MS = 15_000;

const RESTART = 'if command -v systemctl >/dev/null 2>&1; then sudo systemctl reboot; else sudo reboot; fi';

/** The boot goes on for some seconds after the guest is ready for work. */
const STARTUP = `if [ -d /run/systemd/system ] && command -v systemd-analyze >/dev/null 2>&1; then
  for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    LC_ALL=C systemd-analyze time 2>/dev/null && break
    sleep 1
  done
fi`;

/**
 * Restarts the guest and waits until it is ready for work again.
 *
 * @throws KilnError `BootOptimizationFailed` when it does not go down, those of `comeBack`
 */
export async function measureRestart(session: GuestSession, signal: AbortSignal): Promise<BootTime> {
  const restartsBefore = session.machine.restarts;
  const asked = performance.now();
  try {
    const { exitCode, stderr } = await session.guest.run(RESTART, { signal });
    // The shutdown may end even the command that asks for it.
    if (!(await session.disconnected(exitCode === 0 ? SHUTDOWN_MS : REFUSED_MS, signal))) {
      const reason = stderr.trim() || `it did not go down within ${SHUTDOWN_MS / 1000} s`;
      throw buildError('BootOptimizationFailed', { reason: `the guest could not be restarted: ${reason}` });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GuestDisconnected)) throw error;
  }
  const { reachedAt } = await comeBack(session, { restartsBefore, during: 'its boot was measured' }, signal);
  const { stdout } = await session.guest.run(STARTUP, { signal });
  return { seconds: (reachedAt - asked) / 1000, systemdSeconds: startupSeconds(stdout) };
}
