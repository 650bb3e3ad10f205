import type { DeviceProfile } from '../machine.ts';

/** Functions of one PCI device, and ports of one AHCI controller. */
const PCI_FUNCTIONS = 8;
const AHCI_PORTS = 6;
/** The first slot of the data disks: what lies below it is what QEMU gives to the other devices by itself. */
const FIRST_SLOT = 0x10;

/**
 * Empty disks behind the one with the operating system, in the order of their LUNs, which are also their serial numbers:
 * `lun0`, `lun1` and so on.
 *
 * @param files by LUN
 */
export function dataDiskDevices(kind: DeviceProfile['disk'], files: readonly string[]): string[] {
  if (files.length === 0) return [];
  return [
    ...controllers(kind, files.length),
    ...files.flatMap((file, lun) => [
      ...['-drive', `if=none,id=data${lun},format=qcow2,cache=unsafe,discard=unmap,detect-zeroes=unmap,file=${file}`],
      ...['-device', `${device(kind, lun)},drive=data${lun},serial=lun${lun}`],
    ]),
  ];
}

function controllers(kind: DeviceProfile['disk'], disks: number): string[] {
  switch (kind) {
    case 'virtio':
      return [];
    case 'ahci':
      return Array.from({ length: Math.ceil(disks / AHCI_PORTS) }, (_, i) => [
        '-device',
        `ich9-ahci,id=data-ahci${i}`,
      ]).flat();
    case 'scsi':
      return ['-device', 'virtio-scsi-pci,id=data-scsi'];
  }
}

function device(kind: DeviceProfile['disk'], lun: number): string {
  switch (kind) {
    case 'virtio': {
      // A slot for each of them would be more slots than there are.
      const [slot, part] = [FIRST_SLOT + Math.floor(lun / PCI_FUNCTIONS), lun % PCI_FUNCTIONS];
      return `virtio-blk-pci,addr=0x${slot.toString(16)}.${part},multifunction=on`;
    }
    case 'ahci':
      return `ide-hd,bus=data-ahci${Math.floor(lun / AHCI_PORTS)}.${lun % AHCI_PORTS}`;
    case 'scsi':
      return `scsi-hd,bus=data-scsi.0,lun=${lun}`;
  }
}
