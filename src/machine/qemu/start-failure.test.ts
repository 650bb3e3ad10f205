import { expect, test } from 'vitest';
import { NETWORK_READY } from './sandboxed-command.ts';
import { explainStart } from './start-failure.ts';

test.each([
  ['bwrap: No permissions to create new namespace\n', 'SandboxUnavailable', 'No permissions'],
  ['External interface not usable\n', 'SandboxUnavailable', 'External interface not usable'],
  ['kiln-guard: 10.0.0.1 is still reachable\n', 'SandboxUnavailable', '10.0.0.1'],
  ['', 'SandboxUnavailable', 'exit code 1'],
  ["bwrap: Can't find source path /a/b: Permission denied\n", 'MachineStartFailed', '/a/b: Permission denied'],
  ['bwrap: execvp pasta: No such file or directory\n', 'ToolMissing', 'pasta'],
  ['kiln-machine: 2: bwrap: not found\n', 'ToolMissing', 'bwrap'],
  ['kiln-relay: socat: not found\n', 'ToolMissing', 'socat'],
  [
    `${NETWORK_READY}\nbwrap: execvp qemu-system-x86_64: No such file or directory\n`,
    'ToolMissing',
    'qemu-system-x86_64',
  ],
  [`${NETWORK_READY}\nqemu-system-x86_64: -drive x: broken\n`, 'MachineStartFailed', '-drive x: broken'],
  [`some warning\n${NETWORK_READY}\n`, 'MachineStartFailed', 'it did not answer'],
])('%j is a %s', (log, code, part) => {
  const error = explainStart('build', log, 1, 'it did not answer');
  expect(error.code).toBe(code);
  expect(error.message).toContain(part);
});

test('the output is what came after the network stood, at most 20 lines', () => {
  const said = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const { output } = explainStart('build', ['pasta says', NETWORK_READY, ...said, ''].join('\n'), 1, '');
  expect(output).toEqual(said.slice(-20));
});
