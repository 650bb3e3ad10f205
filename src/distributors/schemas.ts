import type { z } from 'zod';
import { managedImageSchema } from './managed-image/schema.ts';
import { sharedImageSchema } from './shared-image/schema.ts';
import type { DistributeTarget } from './targets.ts';
import { vhdSchema } from './vhd/schema.ts';

/** What the language knows of each type of distribute target, by the template's `type`. */
export const targetSchemas: Readonly<Record<DistributeTarget['type'], z.ZodType<DistributeTarget>>> = {
  VHD: vhdSchema,
  ManagedImage: managedImageSchema,
  SharedImage: sharedImageSchema,
};
