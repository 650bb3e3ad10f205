import type { SiteConfig } from '../config/site-config.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { checkStagingGroup, prepareStagingGroup, type StagingRequest } from '../galleries/staging-group.ts';
import type { Plan } from '../plan/plan.ts';
import { runHolder } from '../store/pins.ts';
import type { Store } from '../store/store.ts';
import type { ImageTemplate } from '../template/model.ts';
import type { StageContext } from './services.ts';

type Site = Pick<SiteConfig, 'subscription' | 'resourceGroup'>;
type Staged = Pick<ImageTemplate, 'name' | 'location' | 'stagingResourceGroup'>;

/**
 * Whether the resource group that a template names for its build can be that.
 *
 * @throws KilnError `BadStagingResourceGroup`
 */
export async function checkStaging(
  of: Staged,
  strict: boolean,
  services: { store: Store; config: Site },
): Promise<void> {
  await located(() => checkStagingGroup(services.store, request(of, strict, services.config)));
}

/**
 * Makes or takes the group for a run, with the tags of the plan. The run's holder gives it up.
 *
 * @throws KilnError `BadStagingResourceGroup`
 */
export async function prepareStaging(plan: Plan, strict: boolean, context: StageContext): Promise<void> {
  const { services, runId, emit } = context;
  const of = { ...plan.template, stagingResourceGroup: plan.stagingResourceGroup };
  const { id, created } = await located(() =>
    prepareStagingGroup(services.store, {
      ...request(of, strict, services.config),
      holder: runHolder(runId),
      tags: plan.managedResourceTags,
    }),
  );
  emit({ type: 'log', level: 'info', message: `Staging resource group ${id}${created ? ' (made for this run)' : ''}` });
}

/** `managedResourceTags` of a template as its run and its staging group show them. */
export function keptTags(of: {
  readonly template: Pick<ImageTemplate, 'managedResourceTags'>;
  readonly scrub?: ((text: string) => string) | undefined;
}): Readonly<Record<string, string>> {
  const { template, scrub = text => text } = of;
  const tags = Object.entries(template.managedResourceTags);
  return Object.fromEntries(tags.map(([name, value]) => [scrub(name), scrub(value)]));
}

/** On the command line a template lies in the group and subscription that the site says. */
function request({ name, location, stagingResourceGroup }: Staged, strict: boolean, site: Site): StagingRequest {
  const template = { name, location, resourceGroup: site.resourceGroup, subscription: site.subscription };
  return { wanted: stagingResourceGroup, template, strict };
}

async function located<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof KilnError ? error.with({ target: 'properties.stagingResourceGroup' }) : error;
  }
}
