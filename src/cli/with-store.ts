import { loadSiteConfig, type SiteConfig } from '../config/site-config.ts';
import { type KilnHome, kilnHome } from '../home/kiln-home.ts';
import { usableHome } from '../sandbox/usable-home.ts';
import { openStore, type Store } from '../store/store.ts';

/** Opens the home's store alone, for commands that build nothing, and closes it after `work`. */
export async function withStore<T>(work: (store: Store, home: KilnHome, config: SiteConfig) => Promise<T>): Promise<T> {
  const home = kilnHome();
  const config = loadSiteConfig(home);
  await usableHome(home);
  const store = await openStore(home, config);
  try {
    return await work(store, home, config);
  } finally {
    await store.close();
  }
}
