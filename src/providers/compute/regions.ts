import { IMAGE_REGIONS } from '../../distributors/service-regions.ts';
import { armError } from '../../errors/arm.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn } from '../stored-type.ts';

/**
 * Refuses regions that are neither Azure's nor the site's: what is meant for `westeurpoe` would lie in a directory of that name.
 *
 * @throws KilnError `LocationNotAvailableForResourceType`.
 */
export async function requireRegions(
  { config, store }: Pick<ProviderServices, 'config' | 'store'>,
  names: readonly string[],
  type: string,
): Promise<void> {
  const own = new Set([locationIn({ location: config.location }), ...(await store.regions())]);
  const unknown = names.find(name => !own.has(name) && !IMAGE_REGIONS.includes(name));
  if (unknown === undefined) return;
  const known = [...own].sort().join(', ');
  throw armError('LocationNotAvailableForResourceType', { location: unknown, type, known: `${known}, and Azure's` });
}
