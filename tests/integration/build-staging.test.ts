import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeRun } from '../../src/build/sweep.ts';
import { scrubber } from '../../src/events/scrub.ts';
import { getRun } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, MANAGED_IMAGE, shell, stagesOf } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

const NEWEST = { apiVersion: '2025-10-01' };
const groupId = (name: string) => `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/${name}`;

async function groups(): Promise<readonly { readonly id: string; readonly tags: Record<string, string> }[]> {
  const rows = await site.services.store.db
    .selectFrom('resource_groups')
    .select(['id', 'tags'])
    .orderBy('id')
    .execute();
  return rows.map(({ id, tags }) => ({ id, tags: JSON.parse(tags) as Record<string, string> }));
}

test('a run has a resource group with the template’s tags for as long as it lasts', async () => {
  let during: ReturnType<typeof groups> | undefined;
  const build = await site.build(
    { managedResourceTags: { team: 'web' } },
    {
      ...NEWEST,
      onEvent: event => {
        if (event.type === 'step-started') during = groups();
      },
    },
  );
  expect(build.error).toBeUndefined();
  const tags = { team: 'web', createdBy: 'AzureVMImageBuilder', imageTemplateName: 'test' };
  expect(await during).toMatchObject([{ id: expect.stringMatching(/\/resourceGroups\/IT_kiln_test_/), tags }]);
  expect(await groups()).toEqual([]);
});

test('a secret in a tag is in nothing that is kept of the template', async () => {
  let during: ReturnType<typeof groups> | undefined;
  const build = await site.build(
    { managedResourceTags: { owner: 'of hunter22' } },
    {
      ...NEWEST,
      scrub: scrubber(['hunter22']),
      onEvent: event => {
        if (event.type === 'step-started') during = groups();
      },
    },
  );
  expect(build.error).toBeUndefined();
  const tags = { owner: 'of ***' };
  expect(await during).toMatchObject([{ tags }]);
  expect((await getRun(site.services.store, build.runId))?.result).toMatchObject({ managedResourceTags: tags });
  const kept = await readFile(build.directory.template, 'utf8');
  expect(kept).toContain('"owner":"of ***"');
});

test('the group that a template names is used, and goes with a failed run', async () => {
  const build = await site.build({ stagingResourceGroup: groupId('staging'), customize: [shell('fails', 'exit 1')] });
  expect(build.error?.code).toBe('StepFailed');
  expect(build.said).toContain(`Staging resource group ${groupId('staging')} (made for this run)`);
  expect(await groups()).toEqual([]);
});

test('a group stays with a machine that is kept, and goes when that is freed', async () => {
  const properties = { stagingResourceGroup: groupId('staging'), customize: [shell('fails', 'exit 1')] };
  const build = await site.build(properties, { onError: 'abort' });
  expect((await groups()).map(({ id }) => id)).toEqual([groupId('staging')]);
  // It belongs to that run: nobody else builds in it.
  const second = await site.build(properties);
  expect(second.error).toMatchObject({ code: 'BadStagingResourceGroup', target: 'properties.stagingResourceGroup' });
  await site.driver.close();
  await freeRun(site.services, build.runId, build.directory);
  expect(await groups()).toEqual([]);
});

test('a group with something in it is refused before anything boots', async () => {
  expect((await site.build({ distribute: [MANAGED_IMAGE] })).error).toBeUndefined();
  const [used] = await groups();
  const machines = site.driver.machines.length;
  const build = await site.build({ stagingResourceGroup: used?.id ?? '' });
  expect(build.error).toMatchObject({ code: 'BadStagingResourceGroup', exit: 2 });
  expect(build.error?.target).toBe('properties.stagingResourceGroup');
  expect(stagesOf(build.events)).toEqual(['resolve']);
  expect(site.driver.machines).toHaveLength(machines);
  expect((await groups()).map(({ id }) => id)).toEqual([used?.id]);
});
