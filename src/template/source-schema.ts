import { z } from 'zod';
import { galleryVersionId, managedImageId } from '../distributors/schema-fields.ts';
import { uri } from '../steps/schema-fields.ts';
import type { ImageSource, PlatformImageSource } from './model.ts';

const word = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'must name a part of a Marketplace image: letters, digits, `-`, `_` and `.`');

const planInfo = z.object({ planName: word, planProduct: word, planPublisher: word });

/** The sources of all API versions, by their `type`. */
export const sourceSchemas: Readonly<Record<ImageSource['type'], z.ZodType<ImageSource>>> = {
  PlatformImage: z
    .object({
      type: z.literal('PlatformImage'),
      publisher: word,
      offer: word,
      sku: word,
      version: word,
      planInfo: planInfo.optional(),
    })
    .transform(
      ({ planInfo: plan, ...image }): PlatformImageSource =>
        plan === undefined ? image : { ...image, planInfo: plan },
    ),
  ISO: z
    .object({
      type: z.literal('ISO'),
      sourceUri: uri.refine(text => text !== '', 'is needed: where the medium comes from'),
      sha256Checksum: z
        .string()
        .regex(/^[0-9a-f]{64}$/i, 'must be a SHA-256 checksum: 64 hexadecimal digits, as `sha256sum FILE` prints them'),
    })
    .transform(given => ({ ...given, sha256Checksum: given.sha256Checksum.toLowerCase() })),
  ManagedImage: z.object({ type: z.literal('ManagedImage'), imageId: managedImageId }),
  SharedImageVersion: z.object({ type: z.literal('SharedImageVersion'), imageVersionId: galleryVersionId }),
};
