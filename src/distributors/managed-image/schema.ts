import { z } from 'zod';
import { managedImageId, normaliseRegion, region, runOutputName, tags } from '../schema-fields.ts';
import type { ManagedImageTarget } from '../targets.ts';

/** A managed image target as a template writes it. */
export const managedImageSchema = z
  .object({
    type: z.literal('ManagedImage'),
    runOutputName,
    artifactTags: tags.default({}),
    imageId: managedImageId,
    location: region,
  })
  .transform((given): ManagedImageTarget => ({ ...given, location: normaliseRegion(given.location) }));
