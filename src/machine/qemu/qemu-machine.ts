import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownerName } from '../../home/process-lock.ts';
import { type MachineDirectory, machineDirectory } from '../../home/run-directory.ts';
import type { Machine, MachineEnd, MachineSpec } from '../machine.ts';
import { INSIDE } from './arguments.ts';
import type { HeldProcess } from './holder.ts';
import type { QmpClient } from './qmp.ts';
import type { SerialConsole } from './serial-console.ts';

export interface QemuParts {
  readonly spec: MachineSpec;
  readonly files: MachineDirectory;
  readonly held: HeldProcess;
  readonly accelerator: string;
  readonly qmp: QmpClient;
  readonly console: SerialConsole;
}

/** What QEMU said last is read in this time after its end, unless this machine is at a standstill. */
const LAST_WORDS_MS = 2000;

/** A running QEMU. Made by the driver only. */
export class QemuMachine implements Machine {
  readonly features = { screenshot: true, checkpoint: false, reboot: true };
  readonly role: string;
  readonly accelerator: string;
  readonly sshSocket: string;
  readonly ended: Promise<MachineEnd>;
  readonly #parts: QemuParts;
  restarts = 0;
  #stopping = false;
  #guestAsked: string | undefined;

  constructor(parts: QemuParts) {
    this.#parts = parts;
    this.role = parts.spec.role;
    this.accelerator = parts.accelerator;
    this.sshSocket = parts.files.ssh;
    this.ended = this.#waitForEnd();
  }

  /** QMP events, forwarded by the driver. */
  onEvent(name: string, data: Record<string, unknown>): void {
    if (name === 'SHUTDOWN' && data['guest'] === true) this.#guestAsked = String(data['reason'] ?? 'guest-shutdown');
    if (name === 'RESET' && data['guest'] === true) this.restarts += 1;
    if (name === 'GUEST_PANICKED') this.#guestAsked = undefined;
  }

  async powerdown(): Promise<void> {
    await this.#parts.qmp.execute('system_powerdown');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#parts.held.kill();
    await this.ended;
  }

  async screenshot(path: string): Promise<void> {
    const name = 'screen.png';
    const filename = join(machineDirectory(INSIDE).io, name);
    await this.#parts.qmp.execute('screendump', { filename, format: 'png' });
    const written = join(this.#parts.files.io, name);
    // The directory is open to QEMU: what lies there is a picture only if it is a file.
    if (!(await lstat(written)).isFile()) throw new Error(`${written} is not a file`);
    await rename(written, path);
  }

  async consoleTail(lines: number): Promise<string[]> {
    return this.#parts.console.tail(lines);
  }

  async keep(seconds: number): Promise<string> {
    const until = new Date(Date.now() + seconds * 1000).toISOString();
    const holder = ownerName(this.#parts.held.pid);
    await writeFile(this.#parts.files.kept, JSON.stringify({ holder, until }), { mode: 0o600 });
    this.#parts.held.keep(seconds);
    this.#parts.qmp.close();
    this.#parts.console.close();
    return until;
  }

  async #waitForEnd(): Promise<MachineEnd> {
    const { held, qmp, console, files } = this.#parts;
    const { code, signal } = await held.ended;
    // Why it ended may still be on the way: the guest's power-off among the events, a panic on the console.
    const patience = new AbortController();
    await Promise.race([
      Promise.all([qmp.closed, console.closed]),
      delay(LAST_WORDS_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    qmp.close();
    console.close();
    await rm(files.io, { recursive: true, force: true }).catch(() => undefined);
    if (this.#stopping) return { how: 'stopped', reason: 'stopped by Kiln' };
    if (this.#guestAsked !== undefined) return { how: 'powered-off', reason: this.#guestAsked };
    return { how: 'crashed', reason: signal === undefined ? `exit code ${code ?? '?'}` : `ended by ${signal}` };
  }
}
