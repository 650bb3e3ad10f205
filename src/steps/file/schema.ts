import { z } from 'zod';
import { sha256, stepName, uri } from '../schema-fields.ts';
import type { FileStep } from './file.ts';

/** A File customizer or validator as a template writes it. */
export const fileSchema = z
  .object({
    type: z.literal('File'),
    name: stepName,
    sourceUri: uri.refine(text => text !== '', 'is needed: where the file comes from'),
    destination: z
      .string()
      .refine(
        isAbsoluteFile,
        'must be an absolute path that ends in the file’s name, e.g. `/tmp/site.conf` or `C:\\\\site.conf`',
      ),
    sha256Checksum: sha256,
  })
  .transform((given): FileStep => ({ ...given, sha256Checksum: given.sha256Checksum.toLowerCase() }));

/** On Linux or on Windows: which of the two the source is, a template alone does not say. */
function isAbsoluteFile(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/])/.test(path) && !/[\\/]$/.test(path) && !/[\x00-\x1f\x7f]/.test(path);
}
