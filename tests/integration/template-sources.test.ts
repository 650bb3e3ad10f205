import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addSource } from '../../src/sources/add-source.ts';
import { resolveSource } from '../../src/sources/resolve-source.ts';
import { workHolder } from '../../src/store/pins.ts';
import { openStore } from '../../src/store/store.ts';
import type { ImageSource } from '../../src/template/model.ts';
import { makeRawDisk, makeSite, namesIn, putImage, putRecipe, type Site } from './sources-fixture.ts';

const TINY = 'truncate -s 4M disk.raw';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => site.remove());

const PLAN = { planName: 'byos', planProduct: 'rhel', planPublisher: 'redhat' };
const plan = { name: 'byos', product: 'rhel', publisher: 'redhat' };
const named = (sku: string, more = {}): ImageSource => ({
  ...({ type: 'PlatformImage', publisher: 'Test', offer: 'offer', sku, version: 'latest' } as const),
  ...more,
});

test('a source that is in no catalogue has the service’s code, and the names close to it', async () => {
  await using store = await storeOf(site);
  await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);
  const resolve = (source: ImageSource) => resolveSource(source, { ...site.context(), ...store.options });
  await expect(resolve(named('tinny'))).rejects.toMatchObject({
    code: 'BadPIRSource',
    message: expect.stringContaining('`Test:offer:tinny`'),
    todo: expect.stringContaining('Test:offer:tiny'),
  });
  await expect(resolve(named('tiny', { version: '9.9.9' }))).rejects.toMatchObject({ code: 'BadPIRSource' });
});

test('a source must have the plan of the catalogue, before its disk is got; an alias needs none', async () => {
  await using store = await storeOf(site);
  await putRecipe(site, 'tiny', `touch ${site.notes}/made; ${TINY}`);
  const more = 'planInfo: { planName: byos, planProduct: rhel, planPublisher: redhat }';
  await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }'], more);
  const aliases = { 'RedHat:rhel:8': 'Test:offer:tiny' };
  const resolve = (source: ImageSource) => resolveSource(source, { ...site.context({ aliases }), ...store.options });
  for (const planInfo of [undefined, { ...PLAN, planName: 'other' }]) {
    const refused = resolve(named('tiny', planInfo && { planInfo }));
    await expect(refused).rejects.toMatchObject({ code: 'VMMarketplaceInvalidInput' });
  }
  expect(await namesIn(site.notes)).toEqual([]);
  expect(await resolve(named('tiny', { planInfo: PLAN }))).toMatchObject({ plan, exactVersion: '1.0.0' });
  const redHat = { publisher: 'RedHat', offer: 'rhel', sku: '8', planInfo: { ...PLAN, planName: 'rhel-8' } };
  expect(await resolve(named('8', redHat))).toMatchObject({ plan, exactName: 'Test:offer:tiny:1.0.0' });
  expect(site.log().at(-1)).toBe('The plan of the template, rhel-8, is not that of Test:offer:tiny and is left out');
});

test('a source may be a disk that was brought with a plan', async () => {
  await using store = await storeOf(site);
  const file = await makeRawDisk(join(site.root, 'mine.raw'));
  const facts = { format: 'raw', os: 'Linux', generation: 'V1', devices: { disk: 'virtio', nic: 'virtio' } } as const;
  await addSource({ ...facts, name: 'Test:offer:mine', version: '1.0.0', file, planInfo: PLAN }, site.context());
  const context = { ...site.context(), ...store.options };
  expect(await resolveSource(named('mine', { planInfo: PLAN }), context)).toMatchObject({ plan });
  await expect(resolveSource(named('mine'), context)).rejects.toMatchObject({ code: 'VMMarketplaceInvalidInput' });
});

async function storeOf({ home }: Site) {
  const store = await openStore(home, { regions: {} });
  const options = { store, holder: workHolder(), location: 'local', strict: false };
  return { options, [Symbol.asyncDispose]: () => store.close() };
}
