import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listImages } from '../../src/cli/image-view.ts';
import { machineError } from '../../src/errors/machine.ts';
import { getRun } from '../../src/store/runs.ts';
import {
  type BuildSite,
  buildSite,
  type FinishedBuild,
  MANAGED_IMAGE,
  SHARED_IMAGE,
  shell,
  stagesOf,
  VHD,
} from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

/** Nothing of the run runs, is held or was published, and its record says what its result says. */
async function expectNothingOf(build: FinishedBuild): Promise<void> {
  expect(site.driver.machines.filter(({ end }) => end === undefined)).toEqual([]);
  expect(await site.leftovers()).toEqual([]);
  expect(await site.storedFiles()).toEqual([]);
  expect(await listImages(site.services.store)).toEqual([]);
  expect(build.outputs).toEqual([]);
  const { status, error } = build;
  expect(await getRun(site.services.store, build.runId)).toMatchObject({
    status,
    result: { error: { code: error?.code } },
  });
  expect(build.events.at(-1)).toMatchObject({ type: 'run-finished', status, error: { code: error?.code } });
}

test('a failing step ends the run with what it printed last', async () => {
  const build = await site.build({
    customize: [shell('works', 'echo fine'), shell('fails', 'seq 30', 'exit 3'), shell('never-runs', 'echo after')],
  });
  expect(build.status).toBe('Failed');
  expect(build.error).toMatchObject({ code: 'StepFailed', exit: 1, target: 'properties.customize[1]' });
  expect(build.error?.message).toBe('Customizer 2 of 3, Shell `fails`, ended with exit code 3.');
  expect(build.error?.output).toEqual(Array.from({ length: 20 }, (_, i) => String(i + 11)));
  expect(build.error?.log).toBe(build.directory.customizationLog);
  expect(await readFile(build.directory.customizationLog, 'utf8')).toContain('ERROR StepFailed: Customizer 2 of 3');
  expect(stagesOf(build.events)).toEqual(['resolve', 'fetch', 'boot', 'customize']);
  expect(build.output).not.toContain('after');
  await expectNothingOf(build);
});

test('a shell names the line that it could not run', async () => {
  const build = await site.build({ customize: [shell('misspelt', 'true', 'no-such-command')] });
  expect(build.error?.message).toContain('ended with exit code 127 at line 3 of its script.');
  expect(build.error?.target).toBe('properties.customize[0].inline[1]');
});

test('failing validators are all run and named; nothing is distributed', async () => {
  const inVMValidations = [
    shell('passes', 'true'),
    shell('fails', 'echo wrong', 'exit 7'),
    shell('fails-too', 'exit 8'),
  ];
  const build = await site.build({ validate: { inVMValidations } });
  expect(build.error).toMatchObject({ code: 'ValidatorFailed', exit: 4, output: ['wrong'] });
  expect(build.error).toMatchObject({
    target: 'properties.validate.inVMValidations[1]',
    log: build.directory.validationLog,
  });
  expect(build.error?.message).toContain('2 of 3 validators did not pass (first: Shell `fails`, exit code 7)');
  const ends = build.events.flatMap(event => (event.type === 'step-finished' ? [event.exitCode] : []));
  expect(ends).toEqual([0, 0, 7, 8]);
  await expectNothingOf(build);
});

test('continueDistributeOnFailure distributes what failed its validation, and the run fails all the same', async () => {
  const build = await site.build({
    validate: { continueDistributeOnFailure: true, inVMValidations: [shell('fails', 'exit 7')] },
  });
  expect(build).toMatchObject({ status: 'Failed', error: { code: 'ValidatorFailed', exit: 4 } });
  expect(build.error?.message).toContain('was distributed all the same');
  expect(build.outputs.map(({ name }) => name)).toEqual(['disk']);
  expect(await listImages(site.services.store)).toHaveLength(1);
  expect(await site.leftovers()).toEqual([]);
});

test('a script that cannot be fetched ends the run before a machine starts', async () => {
  const build = await site.build({ customize: [{ type: 'Shell', name: 'absent', scriptUri: 'absent.sh' }] });
  expect(build.error?.code).toBe('ArtifactNotFound');
  expect(site.driver.machines).toEqual([]);
  await expectNothingOf(build);
});

test('what cannot be published is said before a machine starts', async () => {
  const build = await site.build({ distribute: [SHARED_IMAGE] }, { strict: true });
  expect(build.error).toMatchObject({ code: 'ResourceGroupMissing', target: 'properties.distribute[0]' });
  expect(site.driver.machines).toEqual([]);
  await expectNothingOf(build);
});

test('a target that fails does not take the others with it', async () => {
  const version = { ...SHARED_IMAGE, galleryImageId: `${SHARED_IMAGE.galleryImageId}/versions/1.0.0` };
  // Another run takes the version while this one builds.
  let other: Promise<FinishedBuild> | undefined;
  const build = await site.build(
    {
      customize: [shell('waits', 'while [ ! -e /tmp/go ]; do sleep 0.05; done')],
      distribute: [VHD, version, MANAGED_IMAGE],
    },
    {
      onEvent: event => {
        if (event.type !== 'step-started') return;
        other = site.build({ distribute: [version] }).finally(() => site.driver.machines[0]?.touch('/tmp/go'));
      },
    },
  );
  expect((await other)?.status).toBe('Succeeded');
  expect(build).toMatchObject({ status: 'PartiallySucceeded', error: { code: 'DistributeFailed', exit: 1 } });
  expect(build.error?.message).toMatch(/^Failed in distributing 1 images out of total 3: \[version\]/);
  expect(build.error?.details).toMatchObject([{ code: 'GalleryVersionExists', target: 'properties.distribute[1]' }]);
  expect(build.outputs.map(({ name }) => name)).toEqual(['disk', 'image']);
  expect(await site.leftovers()).toEqual([]);
});

test('a machine that does not start', async () => {
  site.driver.behaviour = { startError: machineError('MachineStartFailed', { role: 'build', reason: 'no memory' }) };
  const build = await site.build({});
  expect(build.error).toMatchObject({ code: 'MachineStartFailed', exit: 1 });
  expect(stagesOf(build.events).at(-1)).toBe('boot');
  await expectNothingOf(build);
});

test('a defect is told apart from what a user can mend', async () => {
  site.driver.behaviour = { startError: new TypeError('undefined is not a function') };
  const build = await site.build({});
  expect(build).toMatchObject({ status: 'Failed', error: { code: 'Defect', exit: 1 } });
  expect(build.error?.message).toBe('Kiln failed unexpectedly: undefined is not a function');
  expect(build.error?.todo).toContain('build-failures.test.ts');
  await expectNothingOf(build);
});

test('a machine that ends by itself during a step', async () => {
  const build = await site.build({ customize: [shell('crashes', 'machine crash', 'sleep 600')] });
  expect(build.error).toMatchObject({ code: 'MachineStopped', exit: 1 });
  expect(build.error?.message).toBe('The build VM stopped by itself (exit code 1).');
  await expectNothingOf(build);
});

test('a machine that ends by itself is not kept, whatever was asked for', async () => {
  const build = await site.build({ customize: [shell('crashes', 'machine crash', 'sleep 600')] }, { onError: 'abort' });
  expect(build.error?.code).toBe('MachineStopped');
  expect(build.events.some(({ type }) => type === 'machine-kept')).toBe(false);
  await expectNothingOf(build);
});

test('a machine that ends instead of powering off was not generalized', async () => {
  const build = await site.build({
    customize: [shell('replaces-it', "printf '#!/bin/sh\\nmachine crash; sleep 600\\n' >/tmp/DeprovisioningScript.sh")],
  });
  expect(build.error).toMatchObject({ code: 'GeneralizeFailed', exit: 1 });
  expect(stagesOf(build.events).at(-1)).toBe('generalize');
  await expectNothingOf(build);
});

test('a deprovisioning script that fails', async () => {
  const build = await site.build({
    customize: [shell('replaces-it', "printf '#!/bin/sh\\nprintf no; exit 5\\n' >/tmp/DeprovisioningScript.sh")],
  });
  expect(build.error).toMatchObject({
    code: 'GeneralizeFailed',
    output: ['no'],
    log: build.directory.customizationLog,
  });
  expect(build.error?.message).toContain('/tmp/DeprovisioningScript.sh ended with exit code 5');
  await expectNothingOf(build);
});

test('a guest that floods its output neither fills the memory nor delays the end', async () => {
  const build = await site.build({ customize: [shell('floods', 'yes a-line-of-output | head -n 100000', 'exit 4')] });
  expect(build.error).toMatchObject({ code: 'StepFailed', output: Array(20).fill('a-line-of-output') });
  expect(build.output).toHaveLength(100_000);
  await expectNothingOf(build);
});

test('a validation machine that does not come up', async () => {
  site.driver.behaviour = { silent: ['validation'] };
  const validate = { inVMValidations: [shell('never-runs', 'true')] };
  const stopIt = () => void site.driver.machines[1]?.crash();
  const build = await site.build(
    { validate },
    { onEvent: event => event.type === 'waiting' && event.role === 'validation' && setTimeout(stopIt, 100) },
  );
  expect(build.error).toMatchObject({ code: 'MachineStopped', exit: 1 });
  expect(build.error?.message).toBe('The validation VM stopped by itself (exit code 1).');
  expect(build.error?.output).toContain('Booting as validation');
  expect(build.error?.log).toContain('/validation-vm/serial.log');
  await expectNothingOf(build);
});
