import { z } from 'zod';
import { galleryImageId, normaliseRegion, region, runOutputName, storageAccountType, tags } from '../schema-fields.ts';
import type { SharedImageTarget, TargetRegion } from '../targets.ts';

const always = (): boolean => true;

const targetRegion = z.object({
  name: region,
  replicaCount: z.int().min(1).max(2147483647).default(1),
  storageAccountType: storageAccountType.default('Standard_LRS'),
});

const versioning = z
  .object({
    scheme: z.enum(['Latest', 'Source']),
    major: z.int().min(-1).max(2147483647).optional(),
  })
  .refine(given => given.scheme !== 'Source' || given.major === undefined, {
    when: always,
    path: ['major'],
    error: 'belongs to the scheme `Latest` only',
  });

/** A gallery target as a template writes it, with the regions in the older or the newer form. */
export const sharedImageSchema = z
  .object({
    type: z.literal('SharedImage'),
    runOutputName,
    artifactTags: tags.default({}),
    galleryImageId,
    targetRegions: z.array(targetRegion).default([]),
    replicationRegions: z.array(region).default([]),
    storageAccountType: storageAccountType.optional(),
    excludeFromLatest: z.boolean().default(false),
    versioning: versioning.optional(),
    replicationMode: z.enum(['Full', 'Shallow']).default('Full'),
  })
  .refine(given => !hasItems(given.targetRegions) || !hasItems(given.replicationRegions), {
    when: always,
    path: ['replicationRegions'],
    error: 'cannot stand beside `targetRegions`, which replaces it',
  })
  .refine(given => given.storageAccountType === undefined || inOlderForm(given), {
    when: always,
    path: ['storageAccountType'],
    error: 'belongs to `replicationRegions`; in `targetRegions` each region states its own',
  })
  .refine(given => isUnique(given.targetRegions), {
    when: always,
    path: ['targetRegions'],
    error: 'must name each region once',
  })
  .refine(given => isUnique(given.replicationRegions), {
    when: always,
    path: ['replicationRegions'],
    error: 'must name each region once',
  })
  .transform((given): SharedImageTarget => {
    const named = given.targetRegions.map((one): TargetRegion => ({ ...one, name: normaliseRegion(one.name) }));
    const storage = given.storageAccountType ?? 'Standard_LRS';
    const older = given.replicationRegions.map(
      (name): TargetRegion => ({ name: normaliseRegion(name), replicaCount: 1, storageAccountType: storage }),
    );
    const { scheme, major } = given.versioning ?? { scheme: 'Latest' };
    return {
      type: 'SharedImage',
      runOutputName: given.runOutputName,
      artifactTags: given.artifactTags,
      galleryImageId: given.galleryImageId,
      targetRegions: named.length > 0 ? named : older,
      excludeFromLatest: given.excludeFromLatest,
      replicationMode: given.replicationMode,
      versioning: scheme === 'Source' ? { scheme } : { scheme, major: major ?? -1 },
    };
  });

// These run on values that may have any type: other checks complain about wrong ones.

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function inOlderForm(given: { readonly targetRegions: unknown; readonly replicationRegions: unknown }): boolean {
  return hasItems(given.replicationRegions) && !hasItems(given.targetRegions);
}

function isUnique(regions: unknown): boolean {
  if (!Array.isArray(regions)) return true;
  const names = regions
    .map(one => (one !== null && typeof one === 'object' && 'name' in one ? one.name : one))
    .filter(name => typeof name === 'string')
    .map(normaliseRegion);
  return new Set(names).size === names.length;
}
