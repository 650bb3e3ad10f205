import { z } from 'zod';
import { runOutputName, tags } from '../schema-fields.ts';
import type { VhdTarget } from '../targets.ts';

/** A VHD target as a template writes it. */
export const vhdSchema = z
  .object({
    type: z.literal('VHD'),
    runOutputName,
    artifactTags: tags.default({}),
    uri: z.string().default(''),
  })
  .transform((given): VhdTarget => given);
