import { describe, expect, test } from 'vitest';
import { runHolder } from '../store/pins.ts';
import type { Store } from '../store/store.ts';
import { publishingFixture } from './publishing.fixture.ts';
import {
  checkStagingGroup,
  prepareStagingGroup,
  releaseStagingGroup,
  type StagingPreparation,
} from './staging-group.ts';

const GROUP = '/subscriptions/s1/resourceGroups/staging';
const template = { name: 'web', resourceGroup: 'images', location: 'West US', subscription: 's1' };

function request(more: Partial<StagingPreparation> = {}): StagingPreparation {
  return { wanted: GROUP, template, strict: false, holder: runHolder('r1'), tags: { cost: '42' }, ...more };
}

async function put(store: Store, tags: object, location = 'westus'): Promise<void> {
  const state = { created_at: '', provisioning_state: 'Succeeded' as const };
  const row = { key: GROUP.toLowerCase(), id: GROUP, location, tags: JSON.stringify(tags), ...state };
  await store.write(trx => trx.insertInto('resource_groups').values(row).execute());
}

async function groups({ db }: Store) {
  const rows = await db.selectFrom('resource_groups').select(['id', 'location', 'tags']).execute();
  return rows.map(({ tags, ...row }) => ({ ...row, tags: JSON.parse(tags) }));
}

const OF_TEMPLATE = { imageTemplateName: 'web', imageTemplateResourceGroupName: 'images' };

describe('a staging group', () => {
  test('of a template that names none is made under a name of the service’s form, and removed', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const resourceGroup = 'cli_test_image_builder_template_error_handling';
    const { id, created } = await prepareStagingGroup(
      store,
      request({ wanted: '', template: { ...template, resourceGroup } }),
    );
    expect(created).toBe(true);
    expect(id).toMatch(
      /^\/subscriptions\/s1\/resourceGroups\/IT_cli_test_image_builder_template_error_ha_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    const tags = {
      cost: '42',
      createdBy: 'AzureVMImageBuilder',
      ...OF_TEMPLATE,
      imageTemplateResourceGroupName: resourceGroup,
    };
    expect(await groups(store)).toEqual([{ id, location: 'westus', tags }]);
    expect(await releaseStagingGroup(store, runHolder('r1'))).toEqual([id]);
    expect(await groups(store)).toEqual([]);
    expect(await releaseStagingGroup(store, runHolder('r1'))).toEqual([]);
  });

  test('that exists is tagged and stays, with its own tags', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await put(store, { owner: 'me', createdBy: 'hand' });
    const prepared = await prepareStagingGroup(store, request({ wanted: GROUP.toUpperCase() }));
    expect(prepared).toEqual({ id: GROUP, created: false });
    const tags = { owner: 'me', createdBy: 'hand' };
    const used = { ...tags, usedBy: 'AzureVMImageBuilder', ...OF_TEMPLATE };
    expect(await groups(store)).toEqual([{ id: GROUP, location: 'westus', tags: used }]);
    // Another template, or another run of this one.
    await expect(prepareStagingGroup(store, request({ holder: runHolder('r2') }))).rejects.toMatchObject({
      code: 'BadStagingResourceGroup',
      message: expect.stringContaining('associated with another image template'),
    });
    expect(await releaseStagingGroup(store, runHolder('r2'))).toEqual([]);
    expect(await releaseStagingGroup(store, runHolder('r1'))).toEqual([]);
    expect(await groups(store)).toEqual([{ id: GROUP, location: 'westus', tags }]);
    await prepareStagingGroup(store, request({ holder: runHolder('r2') }));
  });

  test('that does not exist is made with the name that the template gives it, and removed', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await checkStagingGroup(store, request());
    expect(await groups(store)).toEqual([]);
    expect(await prepareStagingGroup(store, request())).toEqual({ id: GROUP, created: true });
    expect(await releaseStagingGroup(store, runHolder('r1'))).toEqual([GROUP]);
  });

  test('into which something was published stays, as nobody’s staging group', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const wanted = '/subscriptions/s1/resourceGroups/rg';
    await prepareStagingGroup(store, request({ wanted }));
    await fixture.managedImage();
    expect(await releaseStagingGroup(store, runHolder('r1'))).toEqual([]);
    expect(await groups(store)).toEqual([{ id: wanted, location: 'westus', tags: { cost: '42' } }]);
  });

  test('of a template that names none is nothing to check', async () => {
    await using fixture = await publishingFixture();
    await checkStagingGroup(fixture.store, request({ wanted: '' }));
  });

  test.each([
    ['it is in eastus, the template in westus', {}, 'eastus', {}],
    ['its tag `imageTemplateName=other`', { imageTemplateName: 'other' }, 'westus', {}],
    ['its tag `usedBy=somebody`', { usedBy: 'somebody' }, 'westus', {}],
    ['at most 90 characters', {}, 'westus', { wanted: `${GROUP}${'x'.repeat(90)}` }],
    ['not the id of a resource group', {}, 'westus', { wanted: `${GROUP}/providers/x` }],
    ['no period', {}, 'westus', { wanted: `${GROUP}.` }],
    ['another subscription', {}, 'westus', { strict: true, template: { ...template, subscription: 's2' } }],
  ])('is refused: %s', async (why, tags, location, more) => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await put(store, tags, location);
    const before = await groups(store);
    const refused = { code: 'BadStagingResourceGroup', message: expect.stringContaining(why) };
    await expect(checkStagingGroup(store, request(more))).rejects.toMatchObject(refused);
    await expect(prepareStagingGroup(store, request(more))).rejects.toMatchObject(refused);
    expect(await groups(store)).toEqual(before);
  });

  test('is refused when it is not empty', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const inLocal = request({
      wanted: '/subscriptions/s1/resourceGroups/rg',
      template: { ...template, location: 'local' },
    });
    const { id } = await fixture.managedImage();
    await expect(checkStagingGroup(store, inLocal)).rejects.toThrow(`it is not empty: ${id} is in it`);
    await fixture.version();
    await expect(checkStagingGroup(store, inLocal)).rejects.toThrow('/galleries/site is in it');
  });
});
