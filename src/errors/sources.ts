import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of finding, getting and keeping source images. */
export const sourceErrors = kinds({
  SourceNameInvalid: {
    exit: 2,
    summary: 'The name of a source image is not of the form `publisher:offer:sku`, with a version where one is needed.',
    message: p => `\`${p.name}\` is not the name of an image: ${p.reason}.`,
    todo: () => 'Write `publisher:offer:sku` or `publisher:offer:sku:version`; `kiln source list` shows names.',
  } satisfies ErrorKind<{ name: string; reason: string }>,
  SourceUnknown: {
    exit: 2,
    summary: 'No catalogue has an image of the name that a template asks for.',
    message: p => `There is no image \`${p.name}\` in the catalogue.`,
    todo: p =>
      `${p.near.length === 0 ? '' : `Close to it: ${p.near.join(', ')}. `}\`kiln source list\` shows all names. ` +
      'To use a disk of your own under this name: `kiln source add`, or `aliases` in the configuration.',
  } satisfies ErrorKind<{ name: string; near: readonly string[] }>,
  SourceVersionUnknown: {
    exit: 2,
    summary: 'The catalogue has the image that a template asks for, but not the version.',
    message: p => `The image \`${p.name}\` has no version ${p.version} in the catalogue.`,
    todo: p => `Use \`latest\` or one of: ${p.versions.join(', ')}.`,
  } satisfies ErrorKind<{ name: string; version: string; versions: readonly string[] }>,
  BadPIRSource: {
    exit: 2,
    summary: 'The `PlatformImage` that a template starts from is in no catalogue, or not in that version.',
    message: p => p.problem,
    todo: p => p.todo,
  } satisfies ErrorKind<{ problem: string; todo: string }>,
  VMMarketplaceInvalidInput: {
    exit: 2,
    summary:
      'The `planInfo` of a template is not the purchase plan that the catalogue states for the source, or one of the two is missing.',
    message: p => {
      if (p.given === undefined) {
        return (
          'Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace image requires ' +
          `Plan information in the request. The image ${p.image} has the plan ${p.wanted}.`
        );
      }
      if (p.wanted === undefined) {
        return (
          'Creating a virtual machine from a non Marketplace image does not need Plan information in the request. Please ' +
          `remove the Plan information in the request. The catalogue states no plan for ${p.image}.`
        );
      }
      return `The purchase plan of the image ${p.image} is ${p.wanted}, not ${p.given}.`;
    },
    todo: p =>
      p.wanted === undefined
        ? 'Remove `planInfo` from the source, or state the plan in the catalogue or with `kiln source add --plan`.'
        : `Write \`planInfo\` with the plan ${p.wanted}.`,
  } satisfies ErrorKind<{ image: string; given: string | undefined; wanted: string | undefined }>,
  IsoSourceUnsupported: {
    exit: 2,
    summary: 'A template of an old API version names a RHEL installation medium as its source.',
    message: p =>
      `Nothing can be built from the installation medium ${p.uri}: sources of the type \`ISO\` ended in 2020. ` +
      'Name a `PlatformImage` instead; `kiln source add` makes one of a disk with the system installed.',
    todo: () => 'AIB itself refuses ISO sources today; `kiln plan` shows what the rest of the template would do.',
  } satisfies ErrorKind<{ uri: string }>,
  SourceUnavailable: {
    exit: 1,
    summary: 'Every way to get a source image failed, or none could be tried.',
    message: p => `The image ${p.name} could not be got: ${p.reason}.`,
    todo: () =>
      'Mend one of the causes above, or bring the disk yourself with `kiln source add`. `kiln doctor` checks this machine.',
  } satisfies ErrorKind<{ name: string; reason: string }>,
  SourceNotHere: {
    exit: 2,
    summary: 'The disk of an image that should be removed is not on this machine.',
    message: p => `There is no disk of \`${p.name}\` on this machine.`,
    todo: () => '`kiln source list` shows what is on this machine.',
  } satisfies ErrorKind<{ name: string }>,
  SourceExists: {
    exit: 2,
    summary: 'A disk was brought under a name and version that this machine already has.',
    message: p => `The image \`${p.name}\` is already on this machine.`,
    todo: p => `State another \`--version\`, or remove it first: \`kiln source rm ${p.name}\`.`,
  } satisfies ErrorKind<{ name: string }>,
  SourceInUse: {
    exit: 1,
    summary: 'A source image cannot be removed while a run uses its disk.',
    message: p => `The disk of \`${p.name}\` is in use by ${p.holders.join(', ')}.`,
    todo: () => 'Wait until the run has ended, cancel it, or remove its kept machine with `kiln runs clean`.',
  } satisfies ErrorKind<{ name: string; holders: readonly string[] }>,
  SourceFileUnusable: {
    exit: 2,
    summary:
      'The file of a disk does not exist, cannot be read, is not a regular file, or has another checksum than stated.',
    message: p => `The disk ${p.file} cannot be used: ${p.reason}.`,
    todo: () => 'Name a regular file that you may read.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  SourceRecordUnreadable: {
    exit: 1,
    summary: 'What Kiln noted about a source image on this machine cannot be read.',
    message: p => `The record ${p.file} cannot be read: ${p.reason}.`,
    todo: () => 'Remove that file; the image is then got again when it is needed.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  CatalogueInvalid: {
    exit: 2,
    summary: 'A catalogue file cannot be read or has a key or value that Kiln does not know.',
    message: p => `The catalogue ${p.file} is not valid at \`${p.path}\`: ${p.reason}.`,
    todo: () => '`docs/sources.md` describes the format.',
  } satisfies ErrorKind<{ file: string; path: string; reason: string }>,
  RecipeInvalid: {
    exit: 2,
    summary: 'A bootstrap recipe does not exist, or its `recipe.yaml` is not valid.',
    message: p => `The recipe \`${p.recipe}\` is not valid: ${p.reason}.`,
    todo: () => '`docs/sources.md` describes the format.',
  } satisfies ErrorKind<{ recipe: string; reason: string }>,
  RecipeFailed: {
    exit: 1,
    summary: 'A bootstrap recipe did not come to its end.',
    message: p => `The recipe \`${p.recipe}\` failed while it ${p.stage}: ${p.reason}.`,
    todo: () => 'The lines above are the last that it printed. `kiln doctor` checks what recipes need.',
  } satisfies ErrorKind<{ recipe: string; stage: string; reason: string }>,
});

export const sourceError = thrower(sourceErrors);
