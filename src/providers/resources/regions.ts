import { IMAGE_REGIONS } from '../../distributors/service-regions.ts';
import { regionName } from '../../store/regions.ts';
import type { ProviderServices } from '../services.ts';
import { displayName } from './region-names.ts';

/** Every region that a resource can be in: those of the site first, then Azure's. */
export async function knownRegions({
  store,
  config,
}: Pick<ProviderServices, 'store' | 'config'>): Promise<readonly string[]> {
  const own = [regionName(config.location), ...(await store.regions())];
  return [...new Set([...own, ...IMAGE_REGIONS])];
}

/** The same by the names that people read. */
export async function shownRegions(services: Pick<ProviderServices, 'store' | 'config'>): Promise<readonly string[]> {
  return (await knownRegions(services)).map(displayName);
}
