import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listImages } from '../../src/cli/image-view.ts';
import type { BuildEvent } from '../../src/events/build-event.ts';
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

/** The middle of each stage, as an event. */
const MOMENTS: Readonly<Record<string, (event: BuildEvent) => boolean>> = {
  resolve: event => event.type === 'source-resolved',
  fetch: event => event.type === 'stage-started' && event.stage === 'fetch',
  boot: event => event.type === 'waiting' && event.wait === 'cloud-init' && event.role === 'build',
  customize: event => event.type === 'step-output' && event.line === 'customizing',
  optimize: event => event.type === 'stage-started' && event.stage === 'optimize',
  generalize: event => event.type === 'step-output' && event.line === 'generalizing',
  validate: event => event.type === 'step-output' && event.line === 'validating',
  distribute: event => event.type === 'progress',
};

/** A template in which each stage lasts if it is the one to be stopped. */
function partsFor(stage: string): object {
  const wait = (mine: string) => (mine === stage ? 'sleep 600' : 'true');
  const script = `#!/bin/sh\\necho generalizing; ${wait('generalize')}\\n`;
  return {
    customize: [
      shell('replaces-deprovisioning', `printf '${script}' >/tmp/DeprovisioningScript.sh`),
      shell('customizes', 'echo customizing', wait('customize')),
    ],
    ...(stage === 'optimize' ? { optimize: { vmBoot: { state: 'Enabled' } } } : {}),
    validate: { inVMValidations: [shell('validates', 'echo validating', wait('validate'))] },
    distribute: [VHD, MANAGED_IMAGE, SHARED_IMAGE],
  };
}

async function expectNothingOf({ runId, status, error }: FinishedBuild): Promise<void> {
  expect(site.driver.machines.filter(({ end }) => end === undefined)).toEqual([]);
  expect(await site.leftovers()).toEqual([]);
  const { store } = site.services;
  expect(await listImages(store)).toEqual([]);
  expect(await getRun(store, runId)).toMatchObject({ status, result: { error: { code: error?.code } } });
}

describe.each(Object.keys(MOMENTS))('stage %s', stage => {
  const isMoment = MOMENTS[stage] ?? (() => false);

  test('is canceled', async () => {
    let asked = 0;
    const build = await site.build(partsFor(stage), {
      // A canceled machine is of no use to anybody.
      onError: 'abort',
      onEvent: (event, abort) => {
        if (asked > 0 || !isMoment(event)) return;
        asked = performance.now();
        abort.abort();
      },
    });
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(build).toMatchObject({ status: 'Canceled', outputs: [], error: { code: 'BuildCanceled', exit: 130 } });
    expect(build.error?.message).toBe(`The build was canceled in stage ${stage}.`);
    await expectNothingOf(build);
  });
});

test('a run that is canceled before it begins does nothing', async () => {
  const build = await site.build({}, { onEvent: (event, abort) => event.type === 'run-started' && abort.abort() });
  expect(build).toMatchObject({ status: 'Canceled', error: { message: 'The build was canceled in stage resolve.' } });
  expect(stagesOf(build.events)).toEqual([]);
  await expectNothingOf(build);
});

test('what was published before the run was canceled is among its outputs', async () => {
  const build = await site.build(
    { distribute: [MANAGED_IMAGE, SHARED_IMAGE] },
    { onEvent: (event, abort) => event.type === 'artifact-published' && abort.abort() },
  );
  expect(build).toMatchObject({ status: 'Canceled', error: { code: 'BuildCanceled' } });
  const published = build.events.flatMap(event => (event.type === 'artifact-published' ? [event.runOutputName] : []));
  expect(published).toHaveLength(1);
  expect(build.outputs.map(({ name }) => name)).toEqual(published);
  expect((await listImages(site.services.store)).map(({ id }) => id)).toEqual(build.outputs.map(o => o.artifactId));
  expect(await site.leftovers()).toEqual([]);
});

test('the time limit ends the run in whatever stage it is', async () => {
  const build = await site.build(partsFor('customize'), { timeoutSeconds: 2, onError: 'abort' });
  expect(build).toMatchObject({ status: 'TimedOut', outputs: [], error: { code: 'BuildTimedOut', exit: 5 } });
  expect(build.error?.message).toBe('The build did not finish within 2 s; it was in stage customize.');
  await expectNothingOf(build);
});

test('a guest that never answers is given up with the run', async () => {
  site.driver.behaviour = { silent: ['build'] };
  const build = await site.build({}, { timeoutSeconds: 1 });
  expect(build.error?.message).toBe('The build did not finish within 1 s; it was in stage boot.');
  await expectNothingOf(build);
});
