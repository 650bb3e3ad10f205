import { z } from 'zod';
import type { EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import { normaliseRegion } from '../../distributors/schema-fields.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { Emit } from '../../events/build-event.ts';
import { printable } from '../../events/printable.ts';
import { declareDefinition, declareGallery } from '../../galleries/declare.ts';
import { isRegionName } from '../../store/regions.ts';
import type { Store } from '../../store/store.ts';
import type { JsonDocument } from '../../template/json-document.ts';

export const IMAGE_TEMPLATE = 'Microsoft.VirtualMachineImages/imageTemplates';

/** What is in it counts. */
const NESTED = 'microsoft.resources/deployments';

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

/** What an id of Azure Resource Manager may hold. */
const NAME = /^[\w.()-]{1,90}$/;
const NOBODY = '00000000-0000-0000-0000-000000000000';

const tags = z.record(z.string(), z.string()).default({});
const region = z
  .string()
  .refine(text => isRegionName(normaliseRegion(text)), 'must be the name of a region')
  .transform(normaliseRegion);
const located = z.object({ location: region, tags });
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
  const key = resource.type.toLowerCase();
  return Object.hasOwn(NOTED, key) ? NOTED[key] : undefined;
}

/** What others may ask of a resource that is not made: an identity is nobody. */
export function propertiesWithoutEffect({ type }: EvaluatedResource): Readonly<Record<string, string>> {
  const isIdentity = type.toLowerCase() === 'microsoft.managedidentity/userassignedidentities';
  return isIdentity ? { principalId: NOBODY, clientId: NOBODY, tenantId: NOBODY } : {};
}

/** @throws KilnError `DeploymentResourceUnsupported` when a type is among them that Kiln does not make. */
export function refuseOthers(resources: readonly EvaluatedResource[], document: JsonDocument): void {
  const others = resources.filter(({ type }) => {
    const key = type.toLowerCase();
    const known = Object.hasOwn(MADE, key) || Object.hasOwn(NOTED, key) || key === NESTED;
    return !known && key !== IMAGE_TEMPLATE.toLowerCase();
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
  const key = resource.type.toLowerCase();
  const make = Object.hasOwn(MADE, key) ? MADE[key] : undefined;
  if (make !== undefined && !resource.name.split('/').every(part => NAME.test(part))) {
    const first = `The name '${printable(resource.name)}' of a '${resource.type}' may have letters, digits, '_', '.', '(', ')' and '-'.`;
    throw deploymentError('InvalidTemplate', { first, more: 0 }, { target: showPath(resource.path) });
  }
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
  return { strict: false, location: given.location, tags: given.tags, emit };
}

function partsOf({ id, name }: EvaluatedResource) {
  const [, subscription = '', resourceGroup = ''] =
    /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(id) ?? [];
  return { subscription, resourceGroup, name };
}
