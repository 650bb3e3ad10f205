import { expect, test } from 'vitest';
import { EXIT_PORT, GREETED, probeFirmware } from './probe-guest.ts';

test('the image is a 64 KiB BIOS whose reset vector jumps to its code', () => {
  const bios = probeFirmware();
  expect(bios.length).toBe(64 * 1024);
  expect([...bios.subarray(-16, -11)]).toEqual([0xea, 0x00, 0xff, 0x00, 0xf0]);
  expect(bios[0xff00]).toBe(0xfa);
  // The code ends before the reset vector.
  expect(bios.subarray(-40, -16).every(byte => byte === 0)).toBe(true);
});

test('it says hello on the exit port with the code that is waited for', () => {
  const [greeting = 0] = [...probeFirmware().subarray(probeFirmware().indexOf(Buffer.from([0xe6, EXIT_PORT])) - 1)];
  expect((greeting << 1) | 1).toBe(GREETED);
});
