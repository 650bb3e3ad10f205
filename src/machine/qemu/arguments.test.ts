import { describe, expect, test } from 'vitest';
import type { DeviceProfile, MachineSpec } from '../machine.ts';
import { type MachineFiles, qemuArguments } from './arguments.ts';

const files: MachineFiles = {
  disk: '/machine/disk.qcow2',
  virtualSizeBytes: 4 * 1024 ** 3,
  dataDisks: [],
  seed: '/machine/seed.iso',
  uefiVariables: '/machine/uefi-vars.fd',
  qmp: '/machine/io/qmp.sock',
  serial: '/machine/io/serial.sock',
};
const firmware = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' };

function spec(devices: DeviceProfile): MachineSpec {
  return {
    role: 'build',
    generation: 'V1',
    cpus: 2,
    memoryMiB: 1024,
    virtualSizeBytes: files.virtualSizeBytes,
    bases: [],
    dataDisks: [],
    seed: true,
    uuid: '7d0c9ad6-6f0f-4f5e-9e3a-0d8f3c9d1a11',
    mac: '00:0d:3a:01:02:03',
    devices,
    directory: '/home/machine',
  };
}

const virtio: DeviceProfile = { disk: 'virtio', nic: 'virtio' };

/** The values of one option, in order. */
function values(args: readonly string[], option: string): string[] {
  return args.flatMap((arg, i) => (arg === option ? [args[i + 1] ?? ''] : []));
}

describe('qemuArguments', () => {
  test('nothing of the machine is open to the host', () => {
    const args = qemuArguments(spec(virtio), files, 'tcg', undefined);
    expect(values(args, '-qmp')).toEqual(['unix:/machine/io/qmp.sock,server=on,wait=off']);
    expect(values(args, '-chardev')).toEqual(['socket,id=serial,path=/machine/io/serial.sock,server=on,wait=off']);
    expect(values(args, '-netdev')[0]).toContain('hostfwd=tcp:127.0.0.1:2222-:22');
    expect(values(args, '-netdev')[0]).toContain('ipv6=off');
    expect(values(args, '-display')).toEqual(['none']);
    for (const option of ['-vnc', '-spice', '-monitor', '-gdb', '-incoming']) expect(args).not.toContain(option);
    expect(values(args, '-sandbox')).toEqual([
      'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    ]);
  });

  test('no disk is probed for its format, and the seed is read-only', () => {
    const drives = values(qemuArguments(spec(virtio), files, 'tcg', firmware), '-drive');
    expect(drives.every(drive => /(^|,)format=(raw|qcow2)(,|$)/.test(drive))).toBe(true);
    expect(drives.find(drive => drive.includes('id=seed'))).toContain('readonly=on');
    expect(drives.find(drive => drive.includes('unit=0'))).toContain(`readonly=on,file=${firmware.code}`);
    expect(drives.find(drive => drive.includes('unit=1'))).toContain('file=/machine/uefi-vars.fd');
  });

  test.each([
    [
      'virtio',
      ['virtio-blk-pci,addr=0x10.0,', 'virtio-blk-pci,addr=0x10.1,', 'virtio-blk-pci,addr=0x11.0,'],
      ['virtio-blk-pci,drive=os', 'virtio-blk-pci,drive=seed'],
    ],
    [
      'ahci',
      ['ide-hd,bus=data-ahci0.0,', 'ide-hd,bus=data-ahci0.1,', 'ide-hd,bus=data-ahci1.2,'],
      ['ich9-ahci,id=data-ahci0', 'ich9-ahci,id=data-ahci1'],
    ],
    [
      'scsi',
      ['scsi-hd,bus=data-scsi.0,lun=0,', 'scsi-hd,bus=data-scsi.0,lun=1,', 'scsi-hd,bus=data-scsi.0,lun=8,'],
      ['virtio-scsi-pci,id=data-scsi'],
    ],
  ] as const)('data disks on %s are in the order of their LUNs', (disk, [first, second, ninth], others) => {
    // With a gap, as the disks of a source may have it: the places of the devices have none.
    const luns = [0, 1, 4, 5, 6, 7, 8, 9, 63];
    const dataDisks = luns.map(lun => ({ lun, file: `/machine/data-disks/lun${lun}.qcow2` }));
    const args = qemuArguments(spec({ disk, nic: 'virtio' }), { ...files, dataDisks }, 'tcg', undefined);
    const data = values(args, '-device').filter(device => device.includes('serial=lun'));
    expect(data).toHaveLength(9);
    for (const [position, lun, start] of [
      [0, 0, first],
      [1, 1, second],
      [8, 63, ninth],
    ] as const) {
      expect(data[position]?.startsWith(start)).toBe(true);
      expect(data[position]).toContain(`drive=data${lun},serial=lun${lun}`);
      expect(values(args, '-drive')).toContainEqual(
        expect.stringMatching(new RegExp(`id=data${lun},format=qcow2,.*file=/machine/data-disks/lun${lun}\\.qcow2$`)),
      );
    }
    const devices = values(args, '-device');
    for (const other of others) expect(devices.filter(device => device.startsWith(other))).toHaveLength(1);
    // The machine starts from the one with the operating system.
    expect(devices.filter(device => device.includes('bootindex='))).toEqual([expect.stringContaining('drive=os')]);
  });

  test('generation 1 has no UEFI, and no seed means none', () => {
    const args = qemuArguments(spec(virtio), { ...files, seed: undefined }, 'tcg', undefined);
    expect(values(args, '-drive')).toHaveLength(1);
    expect(args.join(' ')).not.toContain('seed');
  });

  test.each([
    [virtio, ['virtio-blk-pci,drive=os,bootindex=0', 'virtio-blk-pci,drive=seed', 'virtio-net-pci,']],
    [
      { disk: 'ahci', nic: 'e1000e' },
      ['ide-hd,drive=os,bus=ide.0,bootindex=0', 'ide-cd,drive=seed,bus=ide.1', 'e1000e,'],
    ],
    [
      { disk: 'scsi', nic: 'virtio' },
      ['virtio-scsi-pci,id=scsi', 'scsi-hd,drive=os,bus=scsi.0,bootindex=0', 'virtio-net-pci,'],
    ],
  ] as const)('devices of %j', (devices, expected) => {
    const found = values(qemuArguments(spec(devices), files, 'kvm', undefined), '-device');
    for (const start of expected)
      expect(
        found.some(device => device.startsWith(start)),
        start,
      ).toBe(true);
  });

  test('the accelerator brings its processor', () => {
    expect(values(qemuArguments(spec(virtio), files, 'kvm', undefined), '-cpu')).toEqual(['host']);
    expect(values(qemuArguments(spec(virtio), files, 'tcg', undefined), '-cpu')).toEqual(['max']);
  });

  test('the mapping cache grows with the disk, up to a limit', () => {
    const cache = (virtualSizeBytes: number) =>
      /l2-cache-size=(\d+)/.exec(
        qemuArguments(spec(virtio), { ...files, virtualSizeBytes }, 'tcg', undefined).join(' '),
      )?.[1];
    expect(cache(64 * 1024 ** 2)).toBe(String(1024 ** 2));
    expect(cache(4 * 1024 ** 3)).toBe(String(8 * 1024 ** 2));
    expect(cache(1024 ** 4)).toBe(String(128 * 1024 ** 2));
  });
});
