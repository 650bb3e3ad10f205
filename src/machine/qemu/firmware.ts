import { access } from 'node:fs/promises';
import { machineError } from '../../errors/machine.ts';

/** A UEFI firmware: read-only code, and a template for one machine's variables. */
export interface Firmware {
  readonly code: string;
  readonly variables: string;
}

/** Where Debian and Ubuntu, Fedora, openSUSE and Arch put the builds that match each other. */
const PLACES: readonly Firmware[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  { code: '/usr/share/qemu/ovmf-x86_64-code.bin', variables: '/usr/share/qemu/ovmf-x86_64-vars.bin' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
];

/** @throws KilnError `FirmwareMissing` */
export async function findFirmware(): Promise<Firmware> {
  for (const place of PLACES) {
    if ((await readable(place.code)) && (await readable(place.variables))) return place;
  }
  throw machineError('FirmwareMissing', { looked: PLACES.map(place => place.code).join(', ') });
}

async function readable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
