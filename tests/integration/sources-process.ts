// A process that pulls one image, for tests with several processes: writes its events and the disk as JSON lines.
import { kilnHome } from '../../src/home/kiln-home.ts';
import { platformImage } from '../../src/sources/platform-image.ts';

const [name = '', catalogue = '', recipes = ''] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const disk = await platformImage(
  { name, version: 'latest' },
  {
    home: kilnHome(),
    config: { aliases: {}, catalogues: [] },
    fetcher: { download: () => Promise.reject(new Error('nothing is downloaded here')) },
    signal: new AbortController().signal,
    emit: say,
    catalogue,
    recipes,
  },
);
say({ disk });
