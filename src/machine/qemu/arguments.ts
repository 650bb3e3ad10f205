import type { MachineSpec } from '../machine.ts';
import type { Accelerator } from './accelerator.ts';
import { type DataDiskFile, dataDiskDevices } from './data-disks.ts';
import type { Firmware } from './firmware.ts';

/** Where the machine's directory is inside of its namespace. Short, because Unix socket paths have a limit. */
export const INSIDE = '/machine';

/** Port on the namespace's own loopback that leads to the guest's sshd. Nobody outside can see it. */
export const SSH_PORT = 2222;

export interface MachineFiles {
  readonly disk: string;
  readonly virtualSizeBytes: number;
  readonly dataDisks: readonly DataDiskFile[];
  readonly seed: string | undefined;
  readonly uefiVariables: string | undefined;
  readonly qmp: string;
  readonly serial: string;
}

/** The command line of QEMU: a pure function of what is asked for. */
export function qemuArguments(
  spec: MachineSpec,
  files: MachineFiles,
  accelerator: Accelerator,
  firmware: Firmware | undefined,
): string[] {
  return [
    ...['-name', `kiln-${spec.role}`, '-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'std'],
    ...['-machine', 'q35', '-uuid', spec.uuid, '-S'],
    ...acceleration(accelerator),
    ...['-smp', String(spec.cpus), '-m', `${spec.memoryMiB}M`],
    ...['-boot', 'menu=off,strict=on'],
    ...pflash(firmware, files.uefiVariables),
    ...disk(spec, files),
    ...seed(spec, files),
    ...nic(spec),
    ...dataDiskDevices(spec.devices.disk, files.dataDisks),
    ...['-object', 'rng-random,id=entropy,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=entropy'],
    ...['-chardev', `socket,id=serial,path=${files.serial},server=on,wait=off`, '-serial', 'chardev:serial'],
    ...['-qmp', `unix:${files.qmp},server=on,wait=off`],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ];
}

function acceleration(accelerator: Accelerator): string[] {
  return accelerator === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
}

function pflash(firmware: Firmware | undefined, variables: string | undefined): string[] {
  if (firmware === undefined || variables === undefined) return [];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${firmware.code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
  ];
}

/** Bytes of the disk that one byte of qcow2 mapping table describes, at Kiln's cluster size of 4 KiB. */
const MAPPED_PER_TABLE_BYTE = 512;
const MAX_MAPPING_CACHE = 128 * 1024 * 1024;

function disk(spec: MachineSpec, files: MachineFiles): string[] {
  const mapping = Math.min(MAX_MAPPING_CACHE, Math.max(1024 * 1024, files.virtualSizeBytes / MAPPED_PER_TABLE_BYTE));
  // A build's disk is worth nothing after a crash of the host: what is published is synced when it is published.
  const options = `if=none,id=os,format=qcow2,cache=unsafe,discard=unmap,detect-zeroes=unmap,l2-cache-size=${Math.ceil(mapping)}`;
  return ['-drive', `${options},file=${files.disk}`, ...diskDevice(spec)];
}

function diskDevice(spec: MachineSpec): string[] {
  switch (spec.devices.disk) {
    case 'virtio':
      return ['-device', 'virtio-blk-pci,drive=os,bootindex=0'];
    case 'ahci':
      return ['-device', 'ide-hd,drive=os,bus=ide.0,bootindex=0'];
    case 'scsi':
      return ['-device', 'virtio-scsi-pci,id=scsi', '-device', 'scsi-hd,drive=os,bus=scsi.0,bootindex=0'];
  }
}

/** A plain read-only disk where virtio is known to work: not every cloud kernel has a CD-ROM driver. */
function seed(spec: MachineSpec, files: MachineFiles): string[] {
  if (files.seed === undefined) return [];
  const drive = ['-drive', `if=none,id=seed,format=raw,readonly=on,file=${files.seed}`];
  return spec.devices.disk === 'ahci'
    ? [...drive, '-device', 'ide-cd,drive=seed,bus=ide.1']
    : [...drive, '-device', 'virtio-blk-pci,drive=seed'];
}

/** The guest's network as Azure lays it out: the gateway and DHCP server is 168.63.129.16. */
function nic(spec: MachineSpec): string[] {
  const user =
    'user,id=net,ipv6=off,net=168.63.129.0/24,host=168.63.129.16,dns=168.63.129.3,dhcpstart=168.63.129.100' +
    `,hostfwd=tcp:127.0.0.1:${SSH_PORT}-:22`;
  const device = spec.devices.nic === 'virtio' ? 'virtio-net-pci' : 'e1000e';
  return ['-netdev', user, '-device', `${device},netdev=net,mac=${spec.mac},romfile=`];
}
