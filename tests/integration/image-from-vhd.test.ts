import { chmod, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { convertDisk } from '../../src/disk/convert.ts';
import { digestFile } from '../../src/disk/digest.ts';
import { ensureResourceGroup } from '../../src/galleries/ensure.ts';
import { resolveManagedImage } from '../../src/galleries/resolve.ts';
import { publishVhd } from '../../src/galleries/vhd.ts';
import { computeProvider } from '../../src/providers/compute/provider.ts';
import { providerFixture, SUBSCRIPTION } from '../../src/providers/provider.fixture.ts';
import { directoryForBuildUser } from '../../src/sandbox/build-user.ts';
import { workHolder } from '../../src/store/pins.ts';

const SIZE = 4 * 2 ** 20;
const IMAGE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/images/from-vhd`;
const URI = 'https://builds01.blob.core.windows.net/vhds/web.vhd';

test('an image is made from a VHD that a build has published, with the same bytes', async () => {
  await using api = await providerFixture(services => [computeProvider(services)]);
  const { store } = api;
  const group = { subscription: SUBSCRIPTION, resourceGroup: 'rg' };
  await store.write(trx =>
    ensureResourceGroup(trx, group, { strict: false, location: 'local', emit: () => undefined }),
  );
  // The disk tools run as another user.
  await chmod(api.directory, 0o755);
  const directory = join(api.directory, 'work');
  await directoryForBuildUser(directory);
  const raw = join(directory, 'disk.raw');
  await writeFile(raw, '');
  const file = await open(raw, 'r+');
  await file.truncate(SIZE);
  await file.write('the middle of the disk', SIZE / 2);
  await file.close();
  const path = join(directory, 'disk.vhd');
  await convertDisk({ source: raw, sourceFormat: 'raw', destination: path, destinationFormat: 'vpc' });
  const digest = await digestFile(path);
  await publishVhd(store, {
    ...{ to: { uri: URI }, region: 'local', tags: {}, runOutputName: 'out', signal: new AbortController().signal },
    disk: {
      ...{ path, digest, sizeBytes: SIZE + 512, virtualSizeBytes: SIZE, os: 'Linux', generation: 'V2', runId: 'r' },
      ...{ sourceDigest: 'd', sourceName: 's', takeOver: () => false },
    },
  });
  const osDisk = { osType: 'Linux', osState: 'Generalized', blobUri: URI };
  const body = {
    location: 'westeurope',
    tags: { a: 'b' },
    properties: { hyperVGeneration: 'V2', storageProfile: { osDisk } },
  };
  const other = { ...body, properties: { storageProfile: { osDisk } } };
  expect(await api.call('PUT', IMAGE, other)).toMatchObject({
    status: 400,
    body: { error: { code: 'InvalidParameter' } },
  });
  expect((await api.finished('PUT', IMAGE, body)).body).toMatchObject({ status: 'Succeeded' });
  expect((await api.call('GET', IMAGE)).body).toMatchObject({
    ...{ id: IMAGE, location: 'westeurope', tags: { a: 'b' } },
    properties: {
      hyperVGeneration: 'V2',
      provisioningState: 'Succeeded',
      storageProfile: { osDisk: { osType: 'Linux' } },
    },
  });
  // The same again changes tags and nothing else.
  expect(await api.call('PUT', IMAGE, { ...body, tags: {} })).toMatchObject({ status: 200, body: { tags: {} } });
  const image = await resolveManagedImage(store, IMAGE, { holder: workHolder(), location: 'westeurope', strict: true });
  expect(image.virtualSizeBytes).toBe(SIZE);
  const back = join(directory, 'back.raw');
  await convertDisk({ source: image.path, sourceFormat: 'qcow2', destination: back, destinationFormat: 'raw' });
  expect(Buffer.compare(await readFile(back), await readFile(raw))).toBe(0);
});
