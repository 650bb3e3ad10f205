import { existsSync } from 'node:fs';
import type { LookUp } from '../../arm/deployments/existing-resources.ts';
import type { SiteConfig } from '../../config/site-config.ts';
import { findArmResource } from '../../galleries/find-resource.ts';
import type { KilnHome } from '../../home/kiln-home.ts';
import { openStore, type Store } from '../../store/store.ts';

export function storeLookUp({ db }: Pick<Store, 'db'>): LookUp {
  return asked => Promise.all(asked.map(({ id, apiVersion }) => findArmResource(db, id, { apiVersion })));
}

/** Opens the store of a home when something is asked for. A home without one has nothing, and none is made. */
export function homeLookUp(home: KilnHome, config: SiteConfig): LookUp {
  return async asked => {
    if (config.database === undefined && !existsSync(home.database)) return [];
    const store = await openStore(home, config);
    try {
      return await storeLookUp(store)(asked);
    } finally {
      await store.close();
    }
  };
}
