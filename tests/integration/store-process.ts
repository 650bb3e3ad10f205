// A process of its own that publishes to a shared home: `node store-process.ts <home> <file> <task> [<region> <time>]`.
import { stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { digestFile } from '../../src/disk/digest.ts';
import { ensureGallery } from '../../src/galleries/ensure.ts';
import { publishGalleryVersion } from '../../src/galleries/gallery-version.ts';
import { parseGalleryImageId } from '../../src/galleries/resource-id.ts';
import { publishVhd } from '../../src/galleries/vhd.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { openStore } from '../../src/store/store.ts';

const [, , root = '', path = '', task = '', region = '', start = ''] = process.argv;
const DEFINITION = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/site/images/web';

const store = await openStore(kilnHome({ KILN_HOME: root }), { regions: {}, database: process.env['KILN_DATABASE'] });
const signal = new AbortController().signal;
const disk = {
  path,
  digest: await digestFile(path),
  sizeBytes: (await stat(path)).size,
  virtualSizeBytes: 4096,
  os: 'Linux',
  generation: 'V2',
  runId: `run-${process.pid}`,
  sourceDigest: 'kdt1:source',
  sourceName: 'test',
  dataDisks: [],
  takeOver: () => false,
} as const;

const BLOB = { region: 'local', tags: {}, to: { uri: 'https://images.blob.core.windows.net/vhds/web.vhd' }, signal };

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function version(runOutputName: string, onCopy?: (region: string) => void): Promise<string> {
  const published = await publishGalleryVersion(store, {
    definition: await ensureGallery(store, parseGalleryImageId(DEFINITION), disk, {
      strict: false,
      location: 'local',
      emit: () => undefined,
    }),
    numbering: { scheme: 'Latest', major: -1 },
    regions: ['local', 'second'].map(name => ({ name, replicaCount: 1, storageAccountType: 'Standard_LRS' })),
    replicationMode: 'Full',
    disk: async () => disk,
    tags: {},
    excludeFromLatest: false,
    runOutputName,
    runId: disk.runId,
    signal,
    ...(onCopy === undefined ? {} : { onCopy }),
  });
  return published.version;
}

switch (task) {
  case 'publish-five':
    for (const n of [1, 2, 3, 4, 5]) process.stdout.write(`${await version(`out-${n}`)}\n`);
    break;
  case 'die-while-copying':
    await version('out', region => {
      if (region === 'second') die();
    });
    break;
  case 'publish-blob':
    await publishVhd(store, { ...BLOB, runOutputName: 'blob', disk });
    break;
  case 'publish-blobs-of-new-accounts':
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) {
      // Others do the same at the same time.
      await setTimeout(Number(start) + n * 150 - Date.now());
      const to = { uri: `https://account${n}.blob.core.windows.net/vhds/from-${region}.vhd` };
      await publishVhd(store, { ...BLOB, region, to, runOutputName: `blob-${n}`, disk });
    }
    break;
  case 'die-before-blob-is-known': {
    let reads = 0;
    await publishVhd(store, {
      ...BLOB,
      disk,
      // Read once for the row that announces the blob and once for the commit, when the file is in its place.
      get runOutputName() {
        reads += 1;
        if (reads === 2) die();
        return 'blob';
      },
    });
    break;
  }
  case 'die-before-vhd-is-known': {
    let reads = 0;
    await publishVhd(store, {
      region: 'local',
      to: { file: 'half.vhd' },
      disk,
      tags: {},
      // Read once for the row that announces the file and once for the commit, when the file is in its place.
      get runOutputName() {
        reads += 1;
        if (reads === 2) die();
        return 'out';
      },
      signal,
    });
    break;
  }
  default:
    throw new Error(`no task ${task}`);
}
await store.close();
