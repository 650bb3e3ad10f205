import { expect, test } from 'vitest';
import { fine, missing, warning } from './doctor/finding.ts';
import { checkNode } from './doctor/host.ts';
import { doctorExitCode, renderFindings } from './doctor.ts';

const GOOD = fine('Node.js', 'v24.0.0');
const SO_SO = warning('disk space', '3 GiB free', 'Have more.');
const BAD = missing('socat', 'not in PATH', 'apt-get install socat');

test('only what is missing keeps a machine from building', () => {
  expect(doctorExitCode([GOOD, SO_SO])).toBe(0);
  expect(doctorExitCode([GOOD, SO_SO, BAD])).toBe(3);
});

test('each finding is a line, with the remedy below it', () => {
  expect(renderFindings([GOOD, SO_SO, BAD]).map(({ text }) => text)).toEqual([
    'ok       Node.js     v24.0.0',
    'warning  disk space  3 GiB free',
    '         Have more.',
    'missing  socat       not in PATH',
    '         apt-get install socat',
    "This machine can't build yet: 1 missing, 1 warning.",
  ]);
  expect(renderFindings([GOOD]).at(-1)?.text).toBe('This machine can build: 0 warnings.');
});

test('an older Node.js is missing', () => {
  expect(checkNode('v24.1.0').ok).toBe('ok');
  expect(checkNode('v22.19.0').ok).toBe('missing');
});
