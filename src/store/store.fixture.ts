import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFile } from '../disk/digest.ts';
import { kilnHome } from '../home/kiln-home.ts';
import type { FinishedFile } from './blobs.ts';
import { openStore, type Store } from './store.ts';

export interface StoreFixture extends AsyncDisposable {
  readonly directory: string;
  readonly store: Store;
  /** A new file with this text. */
  file(text: string): Promise<FinishedFile & { readonly sizeBytes: number }>;
}

/** A store of its own in a new directory, removed at the end of the test. */
export async function storeFixture(): Promise<StoreFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'kiln-store-'));
  const store = await openStore(kilnHome({ KILN_HOME: join(directory, 'home') }), { regions: {} });
  let files = 0;
  return {
    directory,
    store,
    file: async text => {
      files += 1;
      const path = join(directory, `file-${files}`);
      await writeFile(path, text);
      return { path, digest: await digestFile(path), sizeBytes: text.length };
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
