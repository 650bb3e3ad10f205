import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { showImage } from '../../src/cli/image-view.ts';
import { addSource } from '../../src/sources/add-source.ts';
import { getRun } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, MANAGED_IMAGE, SHARED_IMAGE, VHD } from './build-fixture.ts';

const PLAN = { planName: 'byos', planProduct: 'rhel', planPublisher: 'redhat' };
const plan = { name: 'byos', product: 'rhel', publisher: 'redhat' };
const PLATFORM = { type: 'PlatformImage', publisher: 'RedHat', offer: 'rhel', sku: '8', version: 'latest' };

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
  const file = join(site.root, 'rhel.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M']);
  const facts = { os: 'Linux', generation: 'V2', devices: { disk: 'virtio', nic: 'virtio' } } as const;
  const context = { home: site.services.home, signal: new AbortController().signal, emit: () => undefined };
  const disk = { name: 'RedHat:rhel:8', version: '8.10.7', file, format: 'qcow2', planInfo: PLAN } as const;
  await addSource({ ...disk, ...facts }, context);
});
afterEach(() => site[Symbol.asyncDispose]());

/** What the run's JSON document says. */
async function resultOf(runId: string): Promise<unknown> {
  return (await getRun(site.services.store, runId))?.result;
}

test('plan and exact version go from image to image, through a gallery and a managed image', async () => {
  const { store } = site.services;
  const refused = await site.build({ source: PLATFORM });
  expect(refused).toMatchObject({ status: 'Failed', error: { code: 'VMMarketplaceInvalidInput' } });
  expect(site.driver.machines).toEqual([]);

  const source = { ...PLATFORM, planInfo: PLAN };
  const versioning = { scheme: 'Source' };
  const first = await site.build({ source, distribute: [{ ...SHARED_IMAGE, versioning }] });
  expect(first.error).toBeUndefined();
  expect(await resultOf(first.runId)).toMatchObject({ source: 'RedHat:rhel:8:8.10.7' });
  const version = `${SHARED_IMAGE.galleryImageId}/versions/8.10.7`;
  expect(await showImage(store, 'version')).toMatchObject({ id: version, plan, sourceName: 'RedHat:rhel:8:8.10.7' });

  const latest = { type: 'SharedImageVersion', imageVersionId: `${SHARED_IMAGE.galleryImageId}/versions/latest` };
  const uri = 'https://images.blob.core.windows.net/vhds/rhel.vhd';
  const second = await site.build({ source: latest, distribute: [MANAGED_IMAGE, { ...VHD, uri }] });
  expect(second.error).toBeUndefined();
  expect(await resultOf(second.runId)).toMatchObject({ source: version });
  expect(await showImage(store, 'image')).toMatchObject({ plan, sourceName: version });
  expect(await showImage(store, uri)).toMatchObject({ id: uri, sourceName: version });
  expect(second.outputs.find(({ name }) => name === 'disk')).toMatchObject({ artifactUri: uri });

  const managed = { type: 'ManagedImage', imageId: MANAGED_IMAGE.imageId };
  const third = await site.build({ source: managed, distribute: [SHARED_IMAGE] });
  expect(third.error).toBeUndefined();
  expect(await resultOf(third.runId)).toMatchObject({ source: MANAGED_IMAGE.imageId });
  expect(await showImage(store, 'version')).toMatchObject({ plan, version: '8.10.8' });
});

test('what the store knows to be wrong with a source or a target is told before anything boots', async () => {
  const { store } = site.services;
  const source = { ...PLATFORM, planInfo: PLAN };
  expect((await site.build({ source, distribute: [SHARED_IMAGE] })).error).toBeUndefined();
  const change = { features: '[{"name":"SecurityType","value":"ConfidentialVM"}]' };
  await store.write(trx => trx.updateTable('image_definitions').set(change).execute());
  await mkdir(join(store.region('local').storage, 'images', 'vhds', 'taken'), { recursive: true });
  const before = site.driver.machines.length;
  const latest = { type: 'SharedImageVersion', imageVersionId: `${SHARED_IMAGE.galleryImageId}/versions/latest` };
  for (const [properties, code] of [
    [{ source: latest }, 'BadSharedImageVersionSource'],
    [{ source: { type: 'ManagedImage', imageId: MANAGED_IMAGE.imageId } }, 'BadManagedImageSource'],
    [{ source: { ...PLATFORM, sku: '9' } }, 'BadPIRSource'],
    [{ source, distribute: [SHARED_IMAGE] }, 'ImageDefinitionMismatch'],
    [{ source, distribute: [{ ...VHD, uri: 'https://images.blob.core.windows.net/vhds/taken' }] }, 'VhdUriBlocked'],
  ] as const) {
    expect((await site.build(properties)).error, code).toMatchObject({ code, exit: 2 });
  }
  expect(site.driver.machines.length).toBe(before);
});
