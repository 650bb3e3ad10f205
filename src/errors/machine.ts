import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of this machine: missing tools, sandbox, accelerator, build VM. */
export const machineErrors = kinds({
  ToolMissing: {
    exit: 3,
    summary: 'A program that Kiln needs is not on this machine.',
    message: p => `\`${p.tool}\` was not found on this machine.`,
    todo: p =>
      `Install it (Debian, Ubuntu: \`apt-get install ${p.package}\`), or run \`kiln doctor\` for the whole list.`,
  } satisfies ErrorKind<{ tool: string; package: string }>,
  ToolFailed: {
    exit: 1,
    summary: 'A program that Kiln runs on this machine ended with an error.',
    message: p => `\`${p.tool}\` failed (${p.reason}).`,
    todo: () => 'The last lines that it printed are above; `kiln doctor` checks what this machine needs.',
  } satisfies ErrorKind<{ tool: string; reason: string }>,
  SandboxUnavailable: {
    exit: 3,
    summary: 'The namespaces that a build VM runs in could not be set up. Kiln never runs a build VM outside of them.',
    message: p => `The sandbox for the build VM could not be set up: ${p.reason}`,
    todo: () => 'Run `kiln doctor`: it names the missing piece and the command that mends it.',
  } satisfies ErrorKind<{ reason: string }>,
  NoAccelerator: {
    exit: 3,
    summary: 'Neither KVM nor emulation could start a guest on this machine.',
    message: p => `QEMU could not start a guest: ${p.reason}`,
    todo: () => 'Run `kiln doctor` to see what each accelerator answered.',
  } satisfies ErrorKind<{ reason: string }>,
  FirmwareMissing: {
    exit: 3,
    summary: 'A generation 2 machine needs UEFI firmware files that are not on this machine.',
    message: p => `UEFI firmware was not found (looked for ${p.looked}).`,
    todo: () => 'Install it (Debian, Ubuntu: `apt-get install ovmf`).',
  } satisfies ErrorKind<{ looked: string }>,
  MachineStartFailed: {
    exit: 1,
    summary: 'QEMU ended before the machine ran.',
    message: p => `The ${p.role} VM could not be started: ${p.reason}`,
    todo: () => 'The lines above are what QEMU printed. `kiln doctor` checks this machine.',
  } satisfies ErrorKind<{ role: string; reason: string }>,
  MachineStopped: {
    exit: 1,
    summary: 'The build VM ended by itself while Kiln still needed it.',
    message: p => `The ${p.role} VM stopped by itself (${p.reason}).`,
    todo: () => 'Look at the end of the serial log: the guest may have powered off or crashed.',
  } satisfies ErrorKind<{ role: string; reason: string }>,
  GuestNotReady: {
    exit: 1,
    summary: 'The guest did not become ready in time.',
    message: p => `The ${p.role} VM was not ready: waiting for ${p.wait} took longer than ${p.seconds} s.`,
    todo: p => p.hint,
  } satisfies ErrorKind<{ role: string; wait: string; seconds: number; hint: string }>,
  GuestConnectionLost: {
    exit: 1,
    summary: 'The connection to the guest broke while a step ran and the guest did not restart.',
    message: p => `The connection to the VM was lost while ${p.during} (${p.reason}).`,
    todo: () =>
      'A step must not stop sshd or close the network. A step that restarts the machine is waited for; this machine did not restart.',
  } satisfies ErrorKind<{ during: string; reason: string }>,
});

export const machineError = thrower(machineErrors);
