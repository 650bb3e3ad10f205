import type { Answer } from '../../src/providers/dispatcher.ts';
import { lastRuns } from '../../src/store/runs.ts';
import { type ModelSite, SUBSCRIPTION } from './model-fixture.ts';
import { ACTIVE, type Request, type State, type Template, type Variant } from './model-state.ts';

type Json = Readonly<Record<string, unknown>>;

const GROUPS = `/subscriptions/${SUBSCRIPTION}/resourceGroups`;
const IDENTITY = `${GROUPS}/g1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
const GALLERY = `${GROUPS}/g2/providers/Microsoft.Compute/galleries/site`;
const DEFINITION = `${GALLERY}/images/web`;
const RESOURCES = '?api-version=2021-04-01';
const COMPUTE = '?api-version=2023-07-03';
const MINUTES: Readonly<Record<Exclude<Variant, 'wrong'>, number>> = {
  plain: 60,
  longer: 90,
  shared: 100,
  failing: 110,
};

/** @param name `<group>/<name>` */
export function templateId(name: string): string {
  const [group, template] = name.split('/');
  return `${GROUPS}/${group}/providers/Microsoft.VirtualMachineImages/imageTemplates/${template}`;
}

/** Sends a request to the service. */
export async function send(site: ModelSite, request: Request): Promise<Answer> {
  switch (request.do) {
    case 'putGroup':
      return site.call('PUT', `${GROUPS}/${request.group}${RESOURCES}`, { location: 'westus2' });
    case 'deleteGroup':
      return site.call('DELETE', `${GROUPS}/${request.group}${RESOURCES}`);
    case 'putIdentity':
      return site.call('PUT', `${IDENTITY}?api-version=2023-01-31`, { location: 'westus2' });
    case 'deleteIdentity':
      return site.call('DELETE', `${IDENTITY}?api-version=2023-01-31`);
    case 'putGallery':
      return site.call('PUT', GALLERY + COMPUTE, { location: 'westus2' });
    case 'deleteGallery':
      return site.call('DELETE', GALLERY + COMPUTE);
    case 'putDefinition':
      return site.call('PUT', DEFINITION + COMPUTE, { location: 'westus2', properties: DEFINITION_PROPERTIES });
    case 'deleteDefinition':
      return site.call('DELETE', DEFINITION + COMPUTE);
    case 'putTemplate':
      return site.call('PUT', templateId(request.template), templateBody(request.variant));
    case 'patchTemplate':
      return site.call('PATCH', templateId(request.template), { tags: { tag: request.tag } });
    case 'deleteTemplate':
      return site.call('DELETE', templateId(request.template));
    case 'run':
      return site.call('POST', `${templateId(request.template)}/run`, undefined, request.request);
    case 'cancel':
      return site.call('POST', `${templateId(request.template)}/cancel`);
    case 'putTrigger':
      return site.call('PUT', `${templateId(request.template)}/triggers/${request.trigger}`, {
        properties: { kind: 'SourceImage' },
      });
    case 'deleteTrigger':
      return site.call('DELETE', `${templateId(request.template)}/triggers/${request.trigger}`);
    case 'deleteStaging': {
      const shown = await site.call('GET', templateId(request.template));
      const { properties = {} } = shown.body as { properties?: Json };
      const group = properties['exactStagingResourceGroup'];
      // A template that has just begun to be made has none yet.
      return group === undefined || group === '' ? shown : site.call('DELETE', `${group}${RESOURCES}`);
    }
  }
}

const DEFINITION_PROPERTIES = {
  ...{ osType: 'Linux', osState: 'Generalized', hyperVGeneration: 'V2' },
  identifier: { publisher: 'p', offer: 'o', sku: 's' },
};

function templateBody(variant: Variant): Json {
  const source = { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' };
  const script = { type: 'Shell', scriptUri: 'https://127.0.0.1:9/nothing.sh' };
  const inline = { type: 'Shell', inline: ['true'] };
  const shared = { type: 'SharedImage', runOutputName: 'image', galleryImageId: DEFINITION };
  const targets = [{ ...shared, targetRegions: [{ name: 'westus2' }] }];
  return {
    location: 'westus2',
    tags: { tag: '0' },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
    properties: {
      ...(variant === 'wrong' ? {} : { source, buildTimeoutInMinutes: MINUTES[variant] }),
      customize: [variant === 'failing' ? script : inline],
      distribute: variant === 'shared' ? targets : [{ type: 'VHD', runOutputName: 'disk' }],
    },
  };
}

/** What there is, as clients see it. */
export async function learn(site: ModelSite): Promise<State> {
  const get = async (path: string): Promise<Json | undefined> => {
    const { status, body } = await site.call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body as Json;
  };
  const list = async (path: string) => ((await get(path))?.['value'] ?? []) as readonly Json[];
  const nameOf = (one: Json) => String(one['name']);
  const groups = (await list(GROUPS + RESOURCES)).map(nameOf).filter(name => !name.startsWith('IT_'));
  const templates: Record<string, Template> = {};
  for (const group of groups) {
    for (const one of await list(`${GROUPS}/${group}/providers/Microsoft.VirtualMachineImages/imageTemplates`)) {
      const name = `${group}/${nameOf(one)}`;
      const triggers = (await list(`${templateId(name)}/triggers`)).map(nameOf);
      templates[name] = { ...shown(one), request: await lastRequest(site, name), triggers };
    }
  }
  return {
    groups: groups.sort(),
    identity: (await get(`${IDENTITY}?api-version=2023-01-31`)) !== undefined,
    gallery: (await get(GALLERY + COMPUTE)) !== undefined,
    definition: (await get(DEFINITION + COMPUTE)) !== undefined,
    templates,
  };
}

function shown({ properties, tags }: Json): Pick<Template, 'variant' | 'state' | 'tag' | 'run'> {
  const { buildTimeoutInMinutes, provisioningState, lastRunStatus } = properties as Json;
  const run = (lastRunStatus as { readonly runState: string } | undefined)?.runState ?? 'none';
  return {
    variant: Object.entries(MINUTES).find(([, minutes]) => minutes === buildTimeoutInMinutes)?.[0] ?? '?',
    state: String(provisioningState),
    tag: String((tags as Json)['tag']),
    run: run === 'Running' ? ACTIVE : run,
  };
}

/** What no client gets to see: by which request the last run was begun. */
async function lastRequest({ store }: ModelSite, name: string): Promise<string | undefined> {
  const key = templateId(name).toLowerCase();
  const run = (await lastRuns(store.db, [key])).get(key);
  return (run?.accepted?.request as { clientRequestId?: string } | undefined)?.clientRequestId;
}
