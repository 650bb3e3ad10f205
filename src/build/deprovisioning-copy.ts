import { buildError } from '../errors/build.ts';
import { DEPROVISIONING_SCRIPT } from './generalize-scripts.ts';
import type { GuestSession } from './guest-session.ts';

/** Outside of /tmp, which a restart empties. */
const COPY = '/var/tmp/kiln-deprovisioning.sh';

/**
 * Holds on to the deprovisioning script, which a customizer may have replaced, over restarts that no customizer asked for. A script
 * that is not there stays away.
 */
export class DeprovisioningCopy {
  readonly #session: GuestSession;
  readonly #signal: AbortSignal;

  constructor(session: GuestSession, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
  }

  async take(): Promise<void> {
    await this.#run(
      `if [ -e ${DEPROVISIONING_SCRIPT} ]; then sudo cp -p ${DEPROVISIONING_SCRIPT} ${COPY} && sudo cmp -s ${DEPROVISIONING_SCRIPT} ${COPY}; fi`,
    );
  }

  /** To be called after a restart. */
  async putBack(): Promise<void> {
    const [copy, script] = [COPY, DEPROVISIONING_SCRIPT];
    await this.#run(
      `if [ -e ${copy} ] && [ ! -e ${script} ]; then sudo cp -p ${copy} ${script} && sudo cmp -s ${copy} ${script}; fi`,
    );
  }

  async drop(): Promise<void> {
    await this.#run(`sudo rm -f ${COPY}`);
  }

  async #run(command: string): Promise<void> {
    const { exitCode, stderr } = await this.#session.guest.run(command, { signal: this.#signal });
    if (exitCode === 0) return;
    // Without it the image would not be generalized as its template says.
    const said = stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`;
    throw buildError('GeneralizeFailed', {
      reason: `${DEPROVISIONING_SCRIPT} could not be kept over a restart (${said})`,
    });
  }
}
