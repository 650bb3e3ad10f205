import { z } from 'zod';
import { isRegionName } from '../store/regions.ts';

const NAME = '[\\w.()-]+';
const VERSION = '\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}';
const COMPUTE = `^/subscriptions/${NAME}/resourceGroups/${NAME}/providers/Microsoft\\.Compute`;
const DEFINITION = `${COMPUTE}/galleries/${NAME}/images/${NAME}`;
const MANAGED_IMAGE = new RegExp(`${COMPUTE}/images/${NAME}$`, 'i');
const GALLERY_IMAGE = new RegExp(`${DEFINITION}(?:/versions/${VERSION})?$`, 'i');
const GALLERY_VERSION = new RegExp(`${DEFINITION}/versions/(?:${VERSION}|latest)$`, 'i');

const PREFIX = '/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute';

export const managedImageId = z
  .string()
  .regex(MANAGED_IMAGE, `must be the id of a managed image: \`${PREFIX}/images/NAME\``);

/** The id of an image definition, or of one version of it. */
export const galleryImageId = z
  .string()
  .regex(
    GALLERY_IMAGE,
    `must be the id of an image definition, \`${PREFIX}/galleries/GALLERY/images/DEFINITION\`, ` +
      'or that followed by `/versions/1.2.3`',
  );

export const galleryVersionId = z
  .string()
  .regex(
    GALLERY_VERSION,
    `must be the id of an image version: \`${PREFIX}/galleries/GALLERY/images/DEFINITION/versions/1.2.3\` ` +
      'or `…/versions/latest`',
  );

export const runOutputName = z
  .string()
  .regex(/^[A-Za-z0-9-_.]{1,64}$/, 'must have 1 to 64 letters, digits, `-`, `_` or `.`');

export const tags = z.record(z.string(), z.string());

export const storageAccountType = z.enum(['Standard_LRS', 'Standard_ZRS', 'Premium_LRS']);

/** A region's name. Kiln keeps one folder per region, so the name must be fit to be one. */
export const region = z.string().refine(isRegion, 'must be the name of a region, e.g. `westus2`');

/** Whether a text is the name of a region, in either spelling: not whether there is such a region. */
export function isRegion(text: string): boolean {
  return isRegionName(normaliseRegion(text));
}

/** `West US 2` and `westus2` are one region. */
export function normaliseRegion(text: string): string {
  return text.toLowerCase().replaceAll(' ', '');
}
