/**
 * A build machine, whatever drives it. An engine asks `features`, never "is it QEMU?".
 */
export interface Machine {
  /** What the machine is for; appears in messages: `build`, `validation`, `bootstrap`. */
  readonly role: string;
  readonly features: MachineFeatures;
  /** Unix socket on the host whose connections end at the guest's port 22. */
  readonly sshSocket: string;
  readonly accelerator: string;
  /** Settles when the machine has ended, by whatever cause; MUST NOT reject. */
  readonly ended: Promise<MachineEnd>;
  /** How often the guest has restarted itself so far. */
  readonly restarts: number;
  /** Asks the guest to power off (ACPI). Resolves when asked, not when it is off. */
  powerdown(): Promise<void>;
  /** Ends the machine and everything that belongs to it. MUST be safe to call twice and after the end. */
  stop(): Promise<void>;
  /** Writes a PNG of the screen; rejects where `features.screenshot` is false or the machine has ended. */
  screenshot(path: string): Promise<void>;
  /** The last lines that the guest wrote to its serial console. */
  consoleTail(lines: number): Promise<string[]>;
  /** From now on the machine outlives this process, until the time (ISO 8601) that this resolves with. */
  keep(seconds: number): Promise<string>;
}

export interface MachineFeatures {
  readonly screenshot: boolean;
  readonly checkpoint: boolean;
  readonly reboot: boolean;
}

/** How a machine ended: `powered-off` by its guest, `stopped` by us, or `crashed`. */
export interface MachineEnd {
  readonly how: 'powered-off' | 'stopped' | 'crashed';
  readonly reason: string;
}

export type Generation = 'V1' | 'V2';

/** The hardware that a source expects. */
export interface DeviceProfile {
  readonly disk: 'virtio' | 'ahci' | 'scsi';
  readonly nic: 'virtio' | 'e1000e';
}

/** All that a driver has to know to start a machine. Templates are unknown here. */
export interface MachineSpec {
  readonly role: string;
  readonly generation: Generation;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly virtualSizeBytes: number;
  /** LUNs of the data disks that lie in the directory, in ascending order. */
  readonly dataDisks: readonly number[];
  /** Read-only files that the disks are layered on: those of the one with the operating system first, the nearest first. */
  readonly bases: readonly string[];
  /** Whether the directory holds provisioning data, a read-only ISO 9660 volume. */
  readonly seed: boolean;
  /** Fresh for every machine: a guest that sees an old one believes it is an old machine. */
  readonly uuid: string;
  readonly mac: string;
  readonly devices: DeviceProfile;
  /**
   * A directory of this machine alone (names: `home/run-directory.ts`). Holds its writable disk, a qcow2 overlay, and
   * its seed; sockets, logs and UEFI variables are made in it.
   */
  readonly directory: string;
}

export interface MachineDriver {
  /** Starts the machine. Resolves when the guest's CPUs run. MUST leave nothing behind when it rejects. */
  start(spec: MachineSpec, signal: AbortSignal): Promise<Machine>;
}
