import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { digestFile } from '../../../src/disk/digest.ts';
import { textsIn } from '../harness/raw-bytes.ts';
import { useRing } from '../harness/ring.ts';
import { definitionId, managedImage, sharedImage, shell } from '../harness/template.ts';

const ring = useRing();

interface Shown {
  readonly dataDisks: readonly {
    readonly lun: number;
    readonly digest: string;
    readonly copies: readonly { readonly region: string; readonly path: string }[];
  }[];
}

/** In GB: larger than a file of the host may be. */
const LARGE = 20000;
const LAST_MIB = LARGE * 1024 - 1;

/** Texts on the data disks: in a file of a file system, in one that a validator writes, at the end of the large disk. */
const [IN_FILE, OF_VALIDATOR, AT_END] = ['kept in a file of the data disk', 'said by a validator', 'the last block'];
const OF_SECOND = 'written by the second build';

const MOUNTS = 'sudo mount /dev/disk/by-id/virtio-lun0 /srv';
const READS_NOTE = `grep -qx '${IN_FILE}' /srv/note`;
const READS_END = `sudo dd if=/dev/disk/by-id/virtio-lun1 bs=1M skip=${LAST_MIB} status=none | grep -aq '${AT_END}'`;

test('what is written to data disks is validated, published, and there in a build from the version', async () => {
  const first = await ring.build({
    apiVersion: '2025-10-01',
    customize: [
      shell(
        'writes-to-both',
        'sudo mkfs.ext4 -q /dev/disk/by-id/virtio-lun0',
        MOUNTS,
        `echo '${IN_FILE}' | sudo tee /srv/note`,
        `echo '${AT_END}' | sudo dd of=/dev/disk/by-id/virtio-lun1 bs=1M seek=${LAST_MIB} status=none`,
      ),
    ],
    additionalDataDisks: [{ sizeGB: 3 }, { sizeGB: LARGE }],
    validate: {
      inVMValidations: [
        shell('reads-and-writes', MOUNTS, READS_NOTE, READS_END, `echo '${OF_VALIDATOR}' | sudo tee /srv/validated`),
      ],
    },
    distribute: [sharedImage('data', ['westeurope', 'northeurope'])],
  });
  expect((await first.summary()).error).toBeNull();
  const version = (await ring.json('image', 'show', 'data')) as Shown;
  const dataDiskImages = [
    { lun: 0, sizeInGB: 3 },
    { lun: 1, sizeInGB: LARGE },
  ];
  expect(version).toMatchObject({ storageProfile: { dataDiskImages } });
  for (const { digest, copies } of version.dataDisks) {
    expect(copies.map(({ region }) => region)).toEqual(['westeurope', 'northeurope']);
    for (const { path } of copies) {
      expect(await digestFile(path)).toBe(digest);
      // What was not written to takes no room.
      expect((await stat(path)).blocks * 512).toBeLessThan(2 ** 28);
    }
  }
  const texts = [IN_FILE, OF_VALIDATOR, AT_END];
  const found = version.dataDisks.map(({ copies }) => textsIn(copies[0]?.path ?? '', texts));
  expect(await Promise.all(found)).toEqual([[IN_FILE], [AT_END]]);

  const second = await ring.build({
    source: { type: 'SharedImageVersion', imageVersionId: `${definitionId('data')}/versions/latest` },
    customize: [
      shell(
        'finds-what-is-there',
        ...[MOUNTS, READS_NOTE, READS_END, 'test ! -e /srv/validated'],
        `echo '${OF_SECOND}' | sudo tee /srv/second`,
      ),
    ],
    distribute: [managedImage('again')],
  });
  expect((await second.summary()).error).toBeNull();
  const image = (await ring.json('image', 'show', 'again')) as Shown;
  expect(image).toMatchObject({ storageProfile: { dataDisks: [{ lun: 0 }, { lun: 1, diskSizeGB: LARGE }] } });
  const both = [IN_FILE, OF_SECOND];
  expect((await textsIn(image.dataDisks[0]?.copies[0]?.path ?? '', both)).sort()).toEqual(both);
  // What it starts from never changes.
  for (const { digest, copies } of version.dataDisks) expect(await digestFile(copies[0]?.path ?? '')).toBe(digest);
});
