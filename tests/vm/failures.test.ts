import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { useRing } from './harness/ring.ts';
import { debian, shell, vhd } from './harness/template.ts';

const ring = useRing();

test('a failing step: which one, its exit code and line, its last output, the log; nothing is published', async () => {
  const build = await ring.build({
    customize: [
      shell('works', 'echo fine'),
      shell('fails', 'echo before', 'echo on-stderr >&2', 'no-such-command'),
      shell('never-runs', 'echo after'),
    ],
  });
  const summary = await build.summary();
  expect(summary).toMatchObject({ exitCode: 1, status: 'Failed', runOutputs: [] });
  expect(summary.steps).toMatchObject([{ exitCode: 0, ok: true }, { exitCode: 127, ok: false }, { exitCode: null }]);
  const { error } = summary;
  expect(error).toMatchObject({ code: 'StepFailed', target: 'properties.customize[1].inline[2]' });
  expect(error?.message).toBe('Customizer 2 of 3, Shell `fails`, ended with exit code 127 at line 4 of its script.');
  expect(error?.output?.slice(0, 2).sort()).toEqual(['before', 'on-stderr']);
  expect(error?.output?.at(-1)).toMatch(/no-such-command: not found/);
  expect(error?.log).toBe(summary.logs['customization']);
  const log = await readFile(error?.log ?? '', 'utf8');
  for (const line of ['OUT fine', 'OUT before', 'ERR on-stderr', 'failed, exit code 127']) expect(log).toContain(line);
  expect(log).not.toContain('never-runs:');
  expect(build.events.some(event => event.type === 'stage-started' && event.stage === 'generalize')).toBe(false);
});

test('a failing validator keeps the image from being distributed; all validators run', async () => {
  const inVMValidations = [
    shell('passes', 'grep -q kiln-validation /etc/hostname'),
    shell('fails', 'echo wrong', 'exit 7'),
    { type: 'File', name: 'no-such-directory', sourceUri: 'content.txt', destination: '/opt/none/content.txt' },
    { type: 'File', name: 'not-writable', sourceUri: 'content.txt', destination: '/etc/content.txt' },
    { type: 'File', name: 'in-place', sourceUri: 'content.txt', destination: '/tmp/a file.txt' },
    shell('is-in-place', "grep -q 'some content' '/tmp/a file.txt'"),
  ];
  const build = ring.buildFile(
    await ring.write({ validate: { inVMValidations } }, { 'content.txt': 'some content\n' }),
  );
  const summary = await build.summary();
  expect(summary).toMatchObject({ exitCode: 4, status: 'Failed', runOutputs: [] });
  expect(summary.error).toMatchObject({
    code: 'ValidatorFailed',
    target: 'properties.validate.inVMValidations[1]',
    output: ['wrong'],
    log: summary.logs['validation'],
  });
  expect(summary.error?.message).toMatch(/3 of 6 validators did not pass \(first: Shell `fails`, exit code 7\)/);
  const validators = summary.steps.filter(step => step.phase === 'validate');
  expect(validators.map(step => step.exitCode)).toEqual([0, 7, 1, 1, 0, 0]);
  const log = await readFile(summary.logs['validation'] ?? '', 'utf8');
  expect(log).toContain('The directory /opt/none does not exist in the image.');
  expect(log).toMatch(/ERR .*\/etc\/content.txt.*Permission denied/);
});

test('with continueDistributeOnFailure it is distributed all the same, on a generation 1 machine too', async () => {
  const build = await ring.build({
    source: debian('12'),
    customize: [shell('boots-by-bios', '[ ! -d /sys/firmware/efi ]')],
    validate: { continueDistributeOnFailure: true, inVMValidations: [shell('fails', 'exit 3')] },
    distribute: [vhd('distributed')],
  });
  const summary = await build.summary();
  expect(summary.steps).toMatchObject([{ ok: true }, { exitCode: 3, ok: false }]);
  expect(summary).toMatchObject({ exitCode: 4, status: 'Failed', error: { code: 'ValidatorFailed' } });
  expect(summary.error?.message).toContain('was distributed all the same');
  expect(summary.runOutputs).toMatchObject([{ name: 'distributed', type: 'VHD' }]);
});

test('a wrong checksum ends the run before a machine boots', async () => {
  const file = await ring.write(
    { customize: [{ type: 'Shell', scriptUri: 'script.sh', sha256Checksum: 'ab'.repeat(32) }] },
    { 'script.sh': '#!/bin/sh\necho hello\n' },
  );
  const build = ring.buildFile(file);
  const summary = await build.summary();
  expect(summary).toMatchObject({ status: 'Failed', error: { code: 'ChecksumMismatch' }, runOutputs: [] });
  expect(summary.exitCode).not.toBe(0);
  expect(build.events.some(event => event.type === 'machine-started')).toBe(false);
});
