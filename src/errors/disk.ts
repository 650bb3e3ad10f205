import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of reading, checking and converting disks. */
export const diskErrors = kinds({
  DiskRefused: {
    exit: 2,
    summary: 'A disk that was brought from outside is not safe to use, or not of the format that was stated.',
    message: p => `The disk ${p.file} was refused: ${p.reason}.`,
    todo: () =>
      'State the real format. A disk must stand alone: write it to a new file with `qemu-img convert` where it was made.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  DiskChanged: {
    exit: 1,
    summary: 'A file did not have the digest that it was stored under.',
    message: p => `${p.file} has the digest ${p.found}, not ${p.expected}.`,
    todo: () => 'The file was changed or the drive is failing. Remove the image and build it again.',
  } satisfies ErrorKind<{ file: string; expected: string; found: string }>,
  DriveFull: {
    exit: 1,
    summary: 'A drive became full while a disk was written to it.',
    message: p => `There is no space left for ${p.what}.`,
    todo: () =>
      'Free some space (`kiln image rm`, `kiln runs clean`), or set KILN_HOME to a directory on a larger drive.',
  } satisfies ErrorKind<{ what: string }>,
  VhdInvalid: {
    exit: 1,
    summary: 'A VHD is not a valid fixed VHD.',
    message: p => `The VHD ${p.file} is not valid: ${p.reason}.`,
    todo: () => 'Run the build again. If it happens again, the version of `qemu-img` on this machine is at fault.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
});

export const diskError = thrower(diskErrors);
