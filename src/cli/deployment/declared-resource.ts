import { z } from 'zod';
import type { EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { Emit } from '../../events/build-event.ts';
import { declareDefinition, declareGallery } from '../../galleries/declare.ts';
import { regionName } from '../../store/regions.ts';
import type { Store } from '../../store/store.ts';
import type { JsonDocument } from '../../template/json-document.ts';

export const IMAGE_TEMPLATE = 'Microsoft.VirtualMachineImages/imageTemplates';

/** What has no effect on the command line, by lower-case type, and why: nobody is kept from anything there. */
const NOTED: Readonly<Record<string, string>> = {
  'microsoft.managedidentity/userassignedidentities': 'on the command line a build needs no identity',
  'microsoft.authorization/locks': 'on the command line nothing is locked',
  'microsoft.resources/deploymentscripts':
    '`kiln build` does what such scripts are there for; others have to be run by hand',
  'microsoft.authorization/roleassignments': 'on the command line nobody needs a role',
  'microsoft.authorization/roledefinitions': 'on the command line nobody needs a role',
};

/** A resource that stands beside the image template in a deployment, and that the build makes first. */
export interface DeclaredResource {
  readonly type: string;
  readonly id: string;
  /** Makes it, or gives an existing one its tags. */
  create(store: Store, emit: Emit): Promise<void>;
}

const tags = z.record(z.string(), z.string()).default({});
const located = z.object({ location: z.string(), tags });
const definitionSchema = located.extend({
  properties: z.object({
    osType: z.enum(['Linux', 'Windows']),
    osState: z.enum(['Generalized', 'Specialized']),
    hyperVGeneration: z.enum(['V1', 'V2']).default('V1'),
    features: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
    purchasePlan: z.object({ name: z.string(), product: z.string(), publisher: z.string() }).optional(),
  }),
});

type Maker = (resource: EvaluatedResource, body: unknown) => DeclaredResource['create'];

/** Types that Kiln makes, lower case. */
const MADE: Readonly<Record<string, Maker>> = {
  'microsoft.compute/galleries': (resource, body) => {
    const given = read(located, resource, body);
    const { subscription, resourceGroup, name } = partsOf(resource);
    return (store, emit) =>
      declareGallery(store, { subscription, resourceGroup, gallery: name }, optionsOf(given, emit));
  },
  'microsoft.compute/galleries/images': (resource, body) => {
    const given = read(definitionSchema, resource, body);
    const { subscription, resourceGroup, name } = partsOf(resource);
    const [gallery = '', definition = ''] = name.split('/');
    const { osType: os, osState, hyperVGeneration: generation, features, purchasePlan: plan } = given.properties;
    const id = { subscription, resourceGroup, gallery, definition };
    return (store, emit) =>
      declareDefinition(store, { id, os, osState, generation, features, plan }, optionsOf(given, emit));
  },
};

/** Why a resource has no effect here, when it has none. */
export function withoutEffect(resource: EvaluatedResource): string | undefined {
  return NOTED[resource.type.toLowerCase()];
}

/** @throws KilnError `DeploymentResourceUnsupported` when a type is among them that Kiln does not make. */
export function refuseOthers(resources: readonly EvaluatedResource[], document: JsonDocument): void {
  const others = resources.filter(({ type }) => {
    const key = type.toLowerCase();
    return !(key in MADE) && !(key in NOTED) && key !== IMAGE_TEMPLATE.toLowerCase();
  });
  if (others.length === 0) return;
  const types = [...new Set(others.map(({ type }) => type))].map(type => `\`${type}\``).join(', ');
  const details = others.map(({ type, name, path }) => {
    const message = `Kiln does not make resources of the type \`${type}\` (\`${name}\`).`;
    return { code: 'DeploymentResourceUnsupported', message, target: showPath(path), ...document.locate(path) };
  });
  throw deploymentError('DeploymentResourceUnsupported', { types }, { details });
}

/** @throws KilnError `InvalidTemplate` when the resource is not as its type has to be. */
export function declared(resource: EvaluatedResource, body: unknown): DeclaredResource | undefined {
  const make = MADE[resource.type.toLowerCase()];
  return make === undefined ? undefined : { type: resource.type, id: resource.id, create: make(resource, body) };
}

function read<T>(schema: z.ZodType<T>, resource: EvaluatedResource, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const target = showPath([
    ...resource.path,
    ...(issue?.path ?? []).map(part => (typeof part === 'number' ? part : String(part))),
  ]);
  throw deploymentError(
    'InvalidTemplate',
    { first: `${target}: ${issue?.message ?? 'it is not valid'}`, more: 0 },
    { target },
  );
}

function optionsOf(given: z.output<typeof located>, emit: Emit) {
  return { strict: false, location: regionName(given.location), tags: given.tags, emit };
}

function partsOf({ id, name }: EvaluatedResource) {
  const [, subscription = '', resourceGroup = ''] =
    /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(id) ?? [];
  return { subscription, resourceGroup, name };
}
