import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestFile } from '../../src/disk/digest.ts';
import { publishManagedImage } from '../../src/galleries/managed-image.ts';
import { parseManagedImageId } from '../../src/galleries/resource-id.ts';
import { openStore } from '../../src/store/store.ts';
import { type CliSite, cliSite } from './cli-fixture.ts';

const IMAGE_ID = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/images/base';
const GIB = 1024 ** 3;

let site: CliSite;
beforeAll(async () => {
  site = await cliSite();
  await publishBase();
});
afterAll(() => site[Symbol.asyncDispose]());

/** A managed image with a data disk at LUN 1. */
async function publishBase(): Promise<void> {
  const disk = async (name: string, gigabytes: number) => {
    const path = join(site.root, `${name}.qcow2`);
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', path, `${gigabytes}G`]);
    const { size } = await stat(path);
    return { path, digest: await digestFile(path), sizeBytes: size, virtualSizeBytes: gigabytes * GIB };
  };
  const image = {
    ...(await disk('os', 1)),
    os: 'Linux',
    generation: 'V2',
    ...{ runId: 'run-1', sourceDigest: 'kdt1:source', sourceName: 'test' },
    dataDisks: [{ lun: 1, ...(await disk('data', 40)) }],
    takeOver: () => false,
  } as const;
  const store = await openStore(site.home, { regions: {} });
  await publishManagedImage(store, {
    ...{ id: parseManagedImageId(IMAGE_ID), location: 'local', disk: async () => image, tags: {}, strict: false },
    ...{ runOutputName: 'base', emit: () => undefined, signal: new AbortController().signal },
  });
  await store.close();
}

/** A template file with its properties in known lines. */
function write(name: string, ...properties: readonly string[]): Promise<string> {
  const source = `"source": { "type": "ManagedImage", "imageId": "${IMAGE_ID}" }`;
  const head = '"apiVersion": "2025-10-01", "location": "local", "identity": { "type": "None" },\n"properties": {';
  return site.write(name, `{ ${head}\n${[source, ...properties].join(',\n')}\n} }\n`);
}

const VHD = '"distribute": [\n  { "type": "VHD", "runOutputName": "disk" }\n]';
const WARNING =
  'A VHD holds the disk with the operating system alone: the data disks of the image (LUN 0, 1) are not in it.';

test('an image is shown with its data disks, in Azure’s words, too', async () => {
  const image = await site.json('image', 'show', 'base');
  expect(image).toMatchObject({
    id: IMAGE_ID,
    storageProfile: {
      osDisk: { osType: 'Linux', osState: 'Generalized', diskSizeGB: 1 },
      dataDisks: [{ lun: 1, diskSizeGB: 40 }],
    },
    dataDisks: [{ lun: 1, virtualSizeBytes: 40 * GIB, copies: [{ region: 'local' }] }],
  });
  const { stdout } = await site.kiln('image', 'show', 'base');
  expect(stdout).toMatch(/^Data disk 1 +0 MiB \(disk of 40\.0 GiB\), kdt1:[0-9a-f]{64}$/m);
});

test('a plan has the data disks of the source beside the template’s, and a VHD is warned of by its place', async () => {
  const file = await write('vhd.json', '"additionalDataDisks": [{ "sizeGB": 2 }]', VHD);
  const { exitCode, stdout, stderr } = await site.kiln('plan', file);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain('data disk 0 of 2.0 GiB\n            data disk 1 of 40.0 GiB (of the source)\n');
  expect(stderr.split('\n')).toContain(`${file}:6:3: warning: ${WARNING} (properties.distribute[0])`);
  const { warnings } = (await site.json('validate', file)) as { readonly warnings: readonly object[] };
  expect(warnings).toContainEqual(
    expect.objectContaining({ code: 'DataDisksNotInVhd', severity: 'warning', line: 6, column: 3 }),
  );
});

test.each(['plan', 'validate', 'build'])(
  '%s refuses a LUN that the source uses, and says where it is',
  async command => {
    const file = await write('clash.json', '"additionalDataDisks": [\n  { "sizeGB": 2 },\n  { "sizeGB": 3 }\n]', VHD);
    const { exitCode, stderr } = await site.kiln(command, file);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`DataDiskLunTaken: The data disk at LUN 1 is one of the source ${IMAGE_ID}`);
    expect(stderr).toContain('  at properties.additionalDataDisks[1], line 6, column 3\n');
  },
);
