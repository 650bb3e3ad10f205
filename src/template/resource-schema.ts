import { z } from 'zod';
import { normaliseRegion, region, tags } from '../distributors/schema-fields.ts';
import { always, sha256, uri } from '../steps/schema-fields.ts';
import { IDENTITY_FORM, identityId, isIdentityId, resourceGroupId } from './azure-ids.ts';
import { vnetConfigSchema } from './vnet-config-schema.ts';

// The resource around its steps, source and targets: those have schemas of their own, chosen by `type`, and are
// `unknown` here. Read-only names are listed in `read-only.ts`.

const identity = z
  .object({
    type: z.enum(['UserAssigned', 'None']).optional(),
    userAssignedIdentities: z.record(z.string(), z.looseObject({}).nullable()).default({}),
  })
  .refine(given => given.type !== 'UserAssigned' || idsOf(given).length > 0, {
    when: always,
    path: ['userAssignedIdentities'],
    error: 'must name the identity, or `type` be `None`',
  })
  .refine(given => given.type === 'UserAssigned' || idsOf(given).length === 0, {
    when: always,
    path: ['type'],
    error: 'must be `UserAssigned` beside `userAssignedIdentities`',
  })
  .refine(given => idsOf(given).length < 2, {
    when: always,
    path: ['userAssignedIdentities'],
    error: 'can name a single identity only',
  })
  .refine(given => idsOf(given).every(id => isIdentityId(id)), {
    when: always,
    path: ['userAssignedIdentities'],
    error: `must have ids of the form ${IDENTITY_FORM}`,
  })
  .transform(idsOf);

/** `null` is how a request takes an identity away. */
function idsOf(given: { readonly userAssignedIdentities?: unknown }): readonly string[] {
  const all = given.userAssignedIdentities;
  if (all === null || typeof all !== 'object') return [];
  return Object.entries(all).flatMap(([id, value]) => (value === null ? [] : [id]));
}

/** The resource. `identity` becomes the ids of its identities, `location` its normalised name. */
export const resourceSchema = z
  .object({
    type: z.string().optional(),
    // Judged before anything else is: the rest depends on it.
    apiVersion: z.unknown().optional(),
    name: z
      .string()
      .regex(/^[A-Za-z0-9-_.]{1,64}$/, 'must have 1 to 64 letters, digits, `-`, `_` or `.`')
      .optional(),
    location: region,
    tags: tags.default({}),
    identity: identity.optional(),
    properties: z.record(z.string(), z.unknown()),
    // Of Azure Resource Manager, with a meaning for deployments only.
    dependsOn: z.unknown().optional(),
    comments: z.unknown().optional(),
    metadata: z.unknown().optional(),
  })
  .transform(given => ({ ...given, location: normaliseRegion(given.location) }));

const onError = z.enum(['cleanup', 'abort']).default('cleanup');
const state = z.enum(['Enabled', 'Disabled']).optional();

const workload = z
  .object({ state, scriptUri: uri.default(''), sha256Checksum: sha256 })
  .refine(given => given.state !== 'Enabled' || (given.scriptUri ?? '') !== '', {
    when: always,
    path: ['scriptUri'],
    error: 'is needed: it is what optimizes',
  });

export const propertiesSchema = z.object({
  source: z.unknown().optional(),
  customize: z.array(z.unknown()).default([]),
  validate: z
    .object({
      continueDistributeOnFailure: z.boolean().default(false),
      sourceValidationOnly: z.boolean().default(false),
      inVMValidations: z.array(z.unknown()).default([]),
    })
    .prefault({}),
  distribute: z.array(z.unknown()),
  vmProfile: z
    .object({
      vmSize: z.string().default(''),
      // Azure's OS disks end at 4,095 GiB.
      osDiskSizeGB: z.int().min(0).max(4095).default(0),
      userAssignedIdentities: z.array(identityId).default([]),
      vnetConfig: vnetConfigSchema.prefault({}),
    })
    .prefault({}),
  buildTimeoutInMinutes: z
    .int()
    .refine(minutes => minutes === 0 || (minutes >= 6 && minutes <= 960), 'must be 6 to 960, or 0 for 240 minutes')
    .default(0),
  errorHandling: z.object({ onCustomizerError: onError, onValidationError: onError }).prefault({}),
  optimize: z
    .object({
      vmBoot: z.object({ state }).prefault({}),
      workload: workload.prefault({}),
    })
    .prefault({}),
  additionalDataDisks: z.array(z.object({ sizeGB: z.int().min(0).max(2147483647).default(0) })).default([]),
  autoRun: z.object({ state }).prefault({}),
  managedResourceTags: tags.default({}),
  stagingResourceGroup: resourceGroupId,
});
