import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of the state directory itself. */
export const homeErrors = kinds({
  HomeUnusable: {
    exit: 3,
    summary: 'KILN_HOME cannot hold state: it cannot be made, or the account that VMs run as cannot reach it.',
    message: p => `KILN_HOME (${p.home}) cannot be used: ${p.reason}`,
    todo: () => 'Choose another directory with KILN_HOME, on a drive with room for disks.',
  } satisfies ErrorKind<{ home: string; reason: string }>,
});

export const homeError = thrower(homeErrors);
