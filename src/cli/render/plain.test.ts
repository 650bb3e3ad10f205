import { expect, test } from 'vitest';
import type { BuildEvent } from '../../events/build-event.ts';
import { createJsonLines } from './json-lines.ts';
import { createPlainRenderer } from './plain.ts';
import { failedRun, succeededRun } from './run.fixture.ts';

function plain(events: readonly BuildEvent[]): string {
  const lines: string[] = [];
  const listener = createPlainRenderer(line => lines.push(line));
  for (const event of events) listener(event);
  return lines.join('\n');
}

test('a run that succeeds, as plain lines', () => {
  expect(plain(succeededRun)).toMatchInlineSnapshot(`
    "03:04:05 Building web-server (run r1)
    03:04:06 Resolving the source
    03:04:07 Source A:b:c:1.2.3 kd1:abc
    03:04:08 Resolving the source: 0.5s
    03:04:09 Fetching scripts and files
    03:04:10 setup.sh: 100 B of 1000 B
    03:04:12 setup.sh: 1000 B of 1000 B
    03:04:13 Fetching scripts and files: 0.2s
    03:04:14 Booting the build VM
    03:04:15 The build VM runs (tcg, 2 CPUs, 2048 MiB)
    03:04:16 Waiting for sshd (1/3)
    03:04:17 Booting the build VM: 21.3s
    03:04:18 Customizing
    03:04:19 [1/2] Shell setupBuildPath
    03:04:20 [1/2] | making directories
    03:04:21 [1/2] | chmod: done
    03:04:22 [1/2] Shell setupBuildPath  4.2s
    03:04:23 [2/2] File index.html
    03:04:24 [2/2] File index.html: the machine restarted
    03:04:25 [2/2] File index.html  0.3s
    03:04:26 Customizing: 4.6s
    03:04:27 warning: the disk is nearly full
    03:04:28 Published web-vhd: https://local/vhds/r1.vhd
    03:04:29 Succeeded after 1m 15s
      web-vhd  https://local/vhds/r1.vhd
          /k/regions/local/r1.vhd
          kd1:def  750 MiB"
  `);
});

test('a run that fails ends with the error, where, the last output, the log and what to do', () => {
  expect(plain(failedRun).split('Validating\n')[1]).toMatchInlineSnapshot(`
    "03:04:29 [1/1] validator Shell serviceAnswers
    03:04:30 [1/1] | connection refused
    03:04:31 [1/1] validator Shell serviceAnswers  failed, exit code 7, 1.0s
    03:04:32 Validating: 12.0s
    03:04:33 The validation VM is kept until 2026-01-02T05:00:00Z: kiln ssh r1
    03:04:34 Failed after 1m 15s
    error ValidatorFailed: The validator 1 of 1 failed. Its exit code is 7.
      at properties.validate.inVMValidations[0]
      inline[2]: more about it (line 3, column 5)
      | connection refused
      log: /k/runs/r1/validation.log
      Read the log."
  `);
});

test('no control character of a guest comes through', () => {
  expect(plain(failedRun)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

test('what Kiln does between the steps is named, not numbered', () => {
  const [first] = succeededRun;
  const step = { phase: 'customize', index: 0, total: 0, type: 'Generalize', name: 'clean' };
  const text = plain([{ ...first, type: 'step-output', step, stream: 'stdout', line: 'gone' } as BuildEvent]);
  expect(text).toBe('03:04:05 [Generalize] | gone');
});

test('a total that is unknown does not hide progress altogether', () => {
  const [first] = succeededRun;
  const text = plain([{ ...first, type: 'progress', what: 'disk', done: 5, total: 0, unit: 'bytes' } as BuildEvent]);
  expect(text).toContain('disk: 5 B');
});

test('--events writes each event as one line of JSON', () => {
  const lines: string[] = [];
  const listener = createJsonLines(line => lines.push(line));
  for (const event of failedRun) listener(event);
  expect(lines.map(line => JSON.parse(line))).toEqual(failedRun);
});
