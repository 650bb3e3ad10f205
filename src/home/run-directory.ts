import { join } from 'node:path';

/** Every name in a run's directory, once. `docs/internals.md` describes them. */
export interface RunDirectory {
  readonly root: string;
  /** `pid start-time` of the process that works on the run; without a live holder the sweep may clean up. */
  readonly lock: string;
  /** The template as it was given. */
  readonly template: string;
  readonly events: string;
  readonly customizationLog: string;
  readonly validationLog: string;
  /** What the process that works on a queued run printed: nothing, unless it had a defect. */
  readonly workerLog: string;
  /** Fetched scripts and files, by SHA-256. */
  readonly artifacts: string;
  /** Written by distributors, removed with the run's work. */
  readonly work: string;
  /** The build VM's directory. */
  readonly buildMachine: string;
  /** The validation VM's directory. */
  readonly validationMachine: string;
}

export function runDirectory(root: string): RunDirectory {
  return {
    root,
    lock: join(root, 'lock'),
    template: join(root, 'template.json'),
    events: join(root, 'events.jsonl'),
    customizationLog: join(root, 'customization.log'),
    validationLog: join(root, 'validation.log'),
    workerLog: join(root, 'worker.log'),
    artifacts: join(root, 'artifacts'),
    work: join(root, 'work'),
    buildMachine: join(root, 'build-vm'),
    validationMachine: join(root, 'validation-vm'),
  };
}

/** Names inside a machine's directory. */
export interface MachineDirectory {
  readonly root: string;
  readonly disk: string;
  /** Directory of the data disks beside `disk`: `lun0.qcow2`, `lun1.qcow2` and so on. */
  readonly dataDisks: string;
  readonly seed: string;
  /** One-machine SSH key of the build user, and the host key that the machine has. */
  readonly key: string;
  readonly knownHosts: string;
  readonly uefiVariables: string;
  /** The only directory that QEMU can write to. Gone with the machine. */
  readonly io: string;
  readonly ssh: string;
  readonly qmp: string;
  readonly serial: string;
  readonly serialLog: string;
  readonly qemuLog: string;
  readonly screenshot: string;
  /** Name server files: of the network gateway, and of QEMU behind it. */
  readonly outerResolvConf: string;
  readonly innerResolvConf: string;
  /** Written when the machine is kept: the process that holds it, and until when. */
  readonly kept: string;
}

export function machineDirectory(root: string): MachineDirectory {
  return {
    root,
    disk: join(root, 'disk.qcow2'),
    dataDisks: join(root, 'data-disks'),
    seed: join(root, 'seed.iso'),
    key: join(root, 'id_ed25519'),
    knownHosts: join(root, 'known_hosts'),
    uefiVariables: join(root, 'uefi-vars.fd'),
    io: join(root, 'io'),
    ssh: join(root, 'io', 'ssh.sock'),
    qmp: join(root, 'io', 'qmp.sock'),
    serial: join(root, 'io', 'serial.sock'),
    serialLog: join(root, 'serial.log'),
    qemuLog: join(root, 'qemu.log'),
    screenshot: join(root, 'screenshot.png'),
    outerResolvConf: join(root, 'resolv.conf.outer'),
    innerResolvConf: join(root, 'resolv.conf'),
    kept: join(root, 'kept.json'),
  };
}

/** The file of one data disk inside of `MachineDirectory.dataDisks`. */
export function dataDiskFile(directory: string, lun: number): string {
  return join(directory, `lun${lun}.qcow2`);
}
