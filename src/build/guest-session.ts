import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { machineError } from '../errors/machine.ts';
import type { Emit } from '../events/build-event.ts';
import type { GuestChannel } from '../guest/guest-channel.ts';
import { LOGIN_WAIT, READINESS } from '../guest/readiness.ts';
import { connectSsh } from '../guest/ssh/ssh-channel.ts';
import type { Machine } from '../machine/machine.ts';

export interface Login {
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
}

/** A connection under an emulator that is busy booting may take this long from the first byte to the shell. */
const HANDSHAKE_MS = 60_000;
const RETRY_MS = 250;

/** A machine and whoever is logged in to it, across restarts of the guest. */
export class GuestSession {
  readonly machine: Machine;
  machineEnded = false;
  readonly #login: Login;
  readonly #emit: Emit;
  #guest: GuestChannel | undefined;
  #bootId = '';

  constructor(machine: Machine, login: Login, emit: Emit) {
    this.machine = machine;
    void machine.ended.then(() => {
      this.machineEnded = true;
    });
    this.#login = login;
    this.#emit = emit;
  }

  get guest(): GuestChannel {
    if (this.#guest === undefined) throw new Error('not logged in');
    return this.#guest;
  }

  /**
   * Logs in and waits until the guest is ready for work.
   *
   * @returns whether the guest is in another boot than at the last log-in, and when it answered (`performance.now()`).
   * @throws KilnError `GuestNotReady`, `MachineStopped`
   */
  async open(signal: AbortSignal): Promise<{ readonly restarted: boolean; readonly reachedAt: number }> {
    const role = this.machine.role;
    const total = READINESS.length + 1;
    const before = this.#bootId;
    this.#emit({ type: 'waiting', role, wait: LOGIN_WAIT.name, index: 1, total });
    this.#guest = await this.#within(LOGIN_WAIT, signal, limited => this.#logIn(limited));
    this.#bootId = (await this.#guest.run('cat /proc/sys/kernel/random/boot_id', { signal })).stdout.trim();
    const reachedAt = performance.now();
    for (const [i, wait] of READINESS.entries()) {
      this.#emit({ type: 'waiting', role, wait: wait.name, index: i + 2, total });
      await this.#within(wait, signal, limited => this.guest.run(wait.script, { signal: limited }));
    }
    return { restarted: before !== '' && before !== this.#bootId, reachedAt };
  }

  /** Resolves when the connection is gone, or after `ms` with `false`. */
  async disconnected(ms: number, signal: AbortSignal): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!this.guest.closed && Date.now() < deadline) await delay(100, undefined, { signal });
    return this.guest.closed;
  }

  close(): void {
    this.#guest?.close();
  }

  async #logIn(signal: AbortSignal): Promise<GuestChannel> {
    const target = { socket: this.machine.sshSocket, ...this.#login };
    for (;;) {
      signal.throwIfAborted();
      // Refused keys are retried too: sshd may be up before the account is complete.
      const guest = await connectSsh(target, HANDSHAKE_MS, signal).catch(() => undefined);
      if (guest !== undefined) return guest;
      await delay(RETRY_MS, undefined, { signal });
    }
  }

  /** Runs one wait within its limit, and ends at once when the machine does. */
  async #within<T>(
    wait: { readonly name: string; readonly seconds: number; readonly hint: string },
    signal: AbortSignal,
    work: (limited: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(
      () =>
        limit.abort(
          machineError('GuestNotReady', {
            role: this.machine.role,
            wait: wait.name,
            seconds: wait.seconds,
            hint: wait.hint,
          }),
        ),
      wait.seconds * 1000,
    );
    void this.machine.ended.then(end =>
      limit.abort(machineError('MachineStopped', { role: this.machine.role, reason: end.reason })),
    );
    const limited = AbortSignal.any([signal, limit.signal]);
    try {
      return await work(limited);
    } catch (error) {
      limited.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
