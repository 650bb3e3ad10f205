/** I/O port of QEMU's exit device in the probe. */
export const EXIT_PORT = 0xf4;
/** The guest writes this; QEMU then ends with `value << 1 | 1`. */
const GREETING = 0x10;
export const GREETED = (GREETING << 1) | 1;

/**
 * Machine code of a guest that goes the way of every kernel, from real mode through protected mode and paging to long
 * mode, counts down a million there and says hello on port 0xf4. It has to go this far: there are hosts whose
 * KVM runs real mode and stops for ever at the first step into long mode.
 *
 *     cli; lgdt; cr0 |= PE; far jump                        16-bit, at 0xFFF00
 *     data segments; clear 3 pages at 0x10000;              32-bit
 *     page tables that map the first 2 MiB to themselves;
 *     cr4 |= PAE; cr3 = 0x10000; EFER |= LME; cr0 |= PG; far jump
 *     ecx = 0x100000; loop; al = 0x10; out 0xf4; hlt        64-bit
 *     GDT: null, 32-bit code, data, 64-bit code
 */
const CODE = [
  'fa2e660f01168bff0f20c00c010f22c066ea18ff0f000800',
  '66b810008ed88ec08ed0bf0000010031c0b9000c0000fcf3ab',
  'c7050000010003100100c7050010010003200100c7050020010083000000',
  '0f20e00c200f22e0b8000001000f22d8b9800000c00f3280cc010f30',
  '0f20c00d000000800f22c0ea7dff0f001800',
  'b900001000e2feb010e6f4f4ebfd',
  '1f0098ff0f000f1f80000000000000000000000000ffff0000009acf00ffff00000092cf00ffff0000009aaf00',
].join('');

const SIZE = 64 * 1024;
const CODE_AT = 0xff00;
/** `jmp f000:ff00` at the reset vector. */
const RESET = [0xea, 0x00, 0xff, 0x00, 0xf0];

/** The probe as a 64 KiB BIOS image. */
export function probeFirmware(): Buffer {
  const bios = Buffer.alloc(SIZE);
  bios.set(Buffer.from(CODE, 'hex'), CODE_AT);
  bios.set(RESET, SIZE - 16);
  return bios;
}
