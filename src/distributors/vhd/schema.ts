import { z } from 'zod';
import { runOutputName, tags } from '../schema-fields.ts';
import type { VhdTarget } from '../targets.ts';

/** A VHD target as a template writes it. */
export const vhdSchema = z
  .object({
    type: z.literal('VHD'),
    runOutputName,
    artifactTags: tags.default({}),
    uri: z
      .string()
      .refine(
        text => text === '' || isBlobUri(text),
        'must be the URI of a blob, e.g. `https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.vhd`',
      )
      .default(''),
  })
  .transform((given): VhdTarget => given);

function isBlobUri(text: string): boolean {
  // White space would be dropped in silence by the parser.
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text) && !new URL(text).pathname.endsWith('/');
}
