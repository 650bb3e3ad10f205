import { z } from 'zod';
import { blobUriProblem } from '../../galleries/blob-uri.ts';
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
      .refine(text => text === '' || blobUriProblem(text) === undefined, { error: ({ input }) => complaint(input) })
      .default(''),
  })
  .transform((given): VhdTarget => given);

function complaint(uri: unknown): string {
  const form = 'must be the URI of a blob, `https://ACCOUNT.blob.SUFFIX/CONTAINER/NAME.vhd`';
  const problem = typeof uri === 'string' ? blobUriProblem(uri) : undefined;
  return problem === undefined ? form : `${form}: ${problem}`;
}
