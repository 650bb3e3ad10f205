import { z } from 'zod';
import { galleryVersionId, managedImageId } from '../distributors/schema-fields.ts';
import type { ImageSource } from './model.ts';

const word = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'must name a part of a Marketplace image: letters, digits, `-`, `_` and `.`');

/** The sources of all API versions that Kiln reads, by their `type`. */
export const sourceSchemas: Readonly<Record<ImageSource['type'], z.ZodType<ImageSource>>> = {
  PlatformImage: z.object({
    type: z.literal('PlatformImage'),
    publisher: word,
    offer: word,
    sku: word,
    version: word,
  }),
  ISO: z.object({ type: z.literal('ISO'), sourceUri: z.string(), sha256Checksum: z.string() }),
  ManagedImage: z.object({ type: z.literal('ManagedImage'), imageId: managedImageId }),
  SharedImageVersion: z.object({ type: z.literal('SharedImageVersion'), imageVersionId: galleryVersionId }),
};
