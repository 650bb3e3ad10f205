import { z } from 'zod';
import { isImageName, isVersion } from './image-name.ts';

const digest = (digits: number) =>
  z
    .string()
    .toLowerCase()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must be ${digits} hexadecimal digits`);

/** Formats of disks as people name them. `vhd` is what qemu-img calls `vpc`. */
export const STATED_FORMATS = ['qcow2', 'raw', 'vhd', 'vhdx'] as const;
export type StatedFormat = (typeof STATED_FORMATS)[number];

const recipeWay = z.strictObject({
  /** Name of a folder in `recipes/`. */
  recipe: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  /** Whether somebody has seen this way give a disk that boots. */
  verified: z.boolean(),
});

const urlWay = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    format: z.enum(STATED_FORMATS),
    sha256: digest(64).optional(),
    sha512: digest(128).optional(),
    /** The publisher's own list of checksums. */
    checksums: z.url({ protocol: /^https?$/ }).optional(),
    /** Detached signature of `checksums`; without it, a list that is signed in itself. */
    signature: z.url({ protocol: /^https?$/ }).optional(),
    /** OpenPGP keyring on this machine that `checksums` must be signed with. */
    keyring: z.string().startsWith('/').optional(),
    verified: z.boolean(),
  })
  .refine(way => [way.sha256, way.sha512, way.checksums].filter(check => check !== undefined).length === 1, {
    error: 'one of sha256, sha512 and checksums is needed: a disk that cannot be checked is not used',
  })
  .refine(way => way.keyring === undefined || way.checksums !== undefined, { error: 'keyring goes with checksums' })
  .refine(way => way.signature === undefined || way.keyring !== undefined, { error: 'signature goes with keyring' });

const fileWay = z.strictObject({
  /** Absolute, or relative to the catalogue file. */
  file: z.string().min(1),
  format: z.enum(STATED_FORMATS),
  sha256: digest(64).optional(),
  verified: z.boolean(),
});

export const devicesSchema = z.strictObject({
  disk: z.enum(['virtio', 'ahci', 'scsi']),
  nic: z.enum(['virtio', 'e1000e']),
});

export const planInfoSchema = z.strictObject({
  planName: z.string().min(1),
  planProduct: z.string().min(1),
  planPublisher: z.string().min(1),
});

const image = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower-case letters, digits, dots, dashes and underscores'),
  title: z.string().min(1),
  /** `publisher:offer:sku` to the generation that a build VM of that name boots as. */
  names: z
    .record(z.string().refine(isImageName, 'must be publisher:offer:sku'), z.enum(['V1', 'V2']))
    .refine(names => Object.keys(names).length > 0, 'an image needs a name'),
  os: z.enum(['Linux', 'Windows']),
  /** Account that the image makes when nobody says otherwise. */
  defaultUser: z.string().optional(),
  devices: devicesSchema,
  /** Purchase plan that templates have to state, and that images made from this one keep. */
  planInfo: planInfoSchema.optional(),
  /** What the definitions must support that images made from this one go to. Anything when absent. */
  securityType: z
    .enum(['Standard', 'TrustedLaunchSupported', 'ConfidentialVMSupported', 'TrustedLaunchAndConfidentialVmSupported'])
    .optional(),
  versions: z
    .array(
      z.strictObject({
        version: z.string().refine(isVersion, 'must be three numbers'),
        ways: z.array(z.union([recipeWay, urlWay, fileWay])).min(1),
      }),
    )
    .min(1),
});

/** A catalogue file. `docs/sources.md` describes it. */
export const catalogueSchema = z.strictObject({ images: z.array(image) });

export type RecipeWay = z.output<typeof recipeWay>;
export type UrlWay = z.output<typeof urlWay>;
export type FileWay = z.output<typeof fileWay>;
export type Way = RecipeWay | UrlWay | FileWay;
export type CatalogueImage = z.output<typeof image>;
