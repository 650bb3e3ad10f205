import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFile } from '../disk/digest.ts';
import { type KilnHome, kilnHome } from '../home/kiln-home.ts';
import type { FinishedFile } from './blobs.ts';
import { testDatabase } from './database.fixture.ts';
import { openStore, type Store, type StoreConfig } from './store.ts';

export interface StoreFixture extends AsyncDisposable {
  readonly directory: string;
  /** What `store` was opened with. */
  readonly home: KilnHome;
  readonly config: StoreConfig;
  readonly store: Store;
  /** A new file with this text. */
  file(text: string): Promise<FinishedFile & { readonly sizeBytes: number }>;
}

/** A store of its own in a new directory, and in a new database where tests run on a server's; removed at the end of the test. */
export async function storeFixture(): Promise<StoreFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'kiln-store-'));
  const database = await testDatabase();
  const home = kilnHome({ KILN_HOME: join(directory, 'home') });
  const config = { regions: {}, database: database.url };
  const store = await openStore(home, config);
  let files = 0;
  return {
    directory,
    home,
    config,
    store,
    file: async text => {
      files += 1;
      const path = join(directory, `file-${files}`);
      await writeFile(path, text);
      return { path, digest: await digestFile(path), sizeBytes: text.length };
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await database[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
