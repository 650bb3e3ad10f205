import { z } from 'zod';
import { isRegionName } from '../store/regions.ts';
import type { DeclaredDefinition, DeclaredGallery } from './declare.ts';

/** Bodies with which galleries and image definitions are declared, in Resource Manager's words. */

const tags = z.record(z.string(), z.string()).default({});
const location = z
  .string()
  .transform(text => text.toLowerCase().replaceAll(' ', ''))
  .refine(isRegionName, 'must be the name of a region');
const name = z.string().min(1);
const range = z.object({ min: z.int().optional(), max: z.int().optional() });
const date = z
  .string()
  .refine(text => !Number.isNaN(Date.parse(text)), 'must be a date and a time, e.g. 2030-01-31T00:00:00Z');

const galleryProperties = z.object({ description: z.string().optional() });
const definitionProperties = z.object({
  osType: z.enum(['Linux', 'Windows']),
  osState: z.enum(['Generalized', 'Specialized']),
  hyperVGeneration: z.enum(['V1', 'V2']).default('V1'),
  architecture: z.enum(['x64', 'Arm64']).default('x64'),
  identifier: z.object({ publisher: name, offer: name, sku: name }),
  features: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  purchasePlan: z.object({ name: z.string(), product: z.string(), publisher: z.string() }).optional(),
  description: z.string().optional(),
  eula: z.string().optional(),
  privacyStatementUri: z.string().optional(),
  releaseNoteUri: z.string().optional(),
  endOfLifeDate: date.optional(),
  recommended: z.object({ vCPUs: range.optional(), memory: range.optional() }).optional(),
  disallowed: z.object({ diskTypes: z.array(z.string()).optional() }).optional(),
});

/** `Microsoft.Compute/galleries` */
export const galleryBody = z
  .object({ location, tags, properties: galleryProperties.default({}) })
  .transform(({ properties, ...declared }): Omit<DeclaredGallery, 'id'> => ({ ...declared, ...properties }));

/** `Microsoft.Compute/galleries/images` */
export const definitionBody = z
  .object({ location, tags, properties: definitionProperties })
  .transform(({ properties, ...declared }): Omit<DeclaredDefinition, 'id'> => {
    const { osType, osState, hyperVGeneration, architecture, identifier, features, purchasePlan, ...details } =
      properties;
    const kind = { os: osType, osState, generation: hyperVGeneration, architecture };
    return { ...declared, ...kind, identifier, features, plan: purchasePlan, details };
  });

/** Properties that the service returns and that a body may therefore hold. */
const READ_ONLY = ['provisioningState', 'identifier', 'sharingStatus'];

/** Names of the properties of a body that have no effect here, and are not kept. */
export function idleProperties(type: 'gallery' | 'definition', body: unknown): readonly string[] {
  const given = typeof body === 'object' && body !== null && 'properties' in body ? body.properties : {};
  const known = Object.keys((type === 'gallery' ? galleryProperties : definitionProperties).shape);
  return Object.keys(given ?? {}).filter(property => !known.includes(property) && !READ_ONLY.includes(property));
}
