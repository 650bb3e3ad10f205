import { hostCapacity } from '../../build/stages/resolve.ts';
import { checkStaging } from '../../build/staging.ts';
import { checkPlaces, checkTargets } from '../../distributors/check-targets.ts';
import { checkFeatures, checkSourceSystem, checkSteps } from '../../plan/feasible.ts';
import { type PlannedMachine, planMachine } from '../../plan/machine.ts';
import { type DescribedSource, describeSource } from '../../sources/describe-source.ts';
import type { ImageTemplate } from '../../template/model.ts';
import type { ProviderServices } from '../services.ts';

/**
 * Finds out what of a template can be known to fail without getting, fetching or booting anything.
 *
 * @param own whether the template has its staging group already, which is then not to be empty
 * @throws KilnError the first problems, with their JSON paths
 */
export async function checkFeasible(
  template: ImageTemplate,
  of: { readonly subscription: string; readonly resourceGroup: string; readonly own: boolean },
  services: Pick<ProviderServices, 'home' | 'config' | 'store'>,
): Promise<DescribedSource> {
  const { location, distribute, validate } = template;
  checkFeatures(template);
  await checkPlaces(distribute);
  const source = await describe(template, of.subscription, services);
  checkSteps(template, source);
  checkSourceSystem(source);
  machineOf(template, source);
  const config = { subscription: of.subscription, resourceGroup: of.resourceGroup };
  if (!of.own) await checkStaging(template, true, { store: services.store, config });
  const targets = validate.sourceValidationOnly ? [] : distribute;
  const image = { ...source, sourceVersion: source.exactVersion };
  await checkTargets(targets, image, services.store, { strict: true, location });
  return source;
}

/** The source of a template, found but not got. */
export function describe(
  template: ImageTemplate,
  subscription: string,
  { home, config, store }: Pick<ProviderServices, 'home' | 'config' | 'store'>,
): Promise<DescribedSource> {
  return describeSource(template.source, {
    ...{ home, config, store, subscription },
    location: template.location,
    strict: true,
  });
}

/** The build VM of a template on this host. */
export function machineOf(template: ImageTemplate, source: DescribedSource): PlannedMachine {
  const disk = { ...source, path: '', digest: '', name: source.exactName, defaultUser: undefined };
  return planMachine(template, disk, hostCapacity()).machine;
}
