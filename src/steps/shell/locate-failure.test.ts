import { expect, test } from 'vitest';
import { locateShellFailure } from './locate-failure.ts';
import type { ShellStep } from './shell.ts';

const inline: ShellStep = {
  type: 'Shell',
  name: '',
  inline: ['echo a', 'if true; then\n  nonesuch\nfi', 'b'],
  sha256Checksum: '',
};
const script: ShellStep = { type: 'Shell', name: '', scriptUri: 'x.sh', sha256Checksum: '' };
const said = (text: string) => ['noise', `/tmp/kiln-0a1b-2c.sh: ${text}`, 'after'];

test.each([
  ['2: a: not found', 2, '.inline[0]'],
  ['4: nonesuch: not found', 4, '.inline[1]'],
  ['line 6: b: command not found', 6, '.inline[2]'],
  ['9: Syntax error: end of file unexpected', 9, ''],
])('%s', (message, line, path) => {
  expect(locateShellFailure(inline, said(message))).toEqual({ line, path });
});

test('a script of its own has lines and no elements', () => {
  expect(locateShellFailure(script, said('3: x: not found'))).toEqual({ line: 3, path: '' });
});

test('without a message of the shell nothing is claimed', () => {
  expect(locateShellFailure(script, ['grep: 3: no'])).toEqual({ line: undefined, path: '' });
});
