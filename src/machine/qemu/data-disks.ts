import type { DeviceProfile } from '../machine.ts';

/** Functions of one PCI device, and ports of one AHCI controller. */
const PCI_FUNCTIONS = 8;
const AHCI_PORTS = 6;
/** The first slot of the data disks: what lies below it is what QEMU gives to the other devices by itself. */
const FIRST_SLOT = 0x10;

/** A data disk as QEMU sees it. */
export interface DataDiskFile {
  readonly lun: number;
  readonly file: string;
}

/**
 * Disks behind the one with the operating system, in the order of their LUNs, which are also their serial numbers:
 * `lun0`, `lun1` and so on.
 *
 * @param disks in ascending order of LUNs
 */
export function dataDiskDevices(kind: DeviceProfile['disk'], disks: readonly DataDiskFile[]): string[] {
  if (disks.length === 0) return [];
  return [
    ...controllers(kind, disks.length),
    ...disks.flatMap(({ lun, file }, position) => [
      ...['-drive', `if=none,id=data${lun},format=qcow2,cache=unsafe,discard=unmap,detect-zeroes=unmap,file=${file}`],
      ...['-device', `${device(kind, position)},drive=data${lun},serial=lun${lun}`],
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

/** Places are counted without gaps, whatever the LUNs are: without its function 0 a PCI device is not looked at. */
function device(kind: DeviceProfile['disk'], position: number): string {
  switch (kind) {
    case 'virtio': {
      // A slot for each of them would be more slots than there are.
      const [slot, part] = [FIRST_SLOT + Math.floor(position / PCI_FUNCTIONS), position % PCI_FUNCTIONS];
      return `virtio-blk-pci,addr=0x${slot.toString(16)}.${part},multifunction=on`;
    }
    case 'ahci':
      return `ide-hd,bus=data-ahci${Math.floor(position / AHCI_PORTS)}.${position % AHCI_PORTS}`;
    case 'scsi':
      return `scsi-hd,bus=data-scsi.0,lun=${position}`;
  }
}
