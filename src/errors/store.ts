import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of the store, of galleries and of publishing. */
export const storeErrors = kinds({
  StoreUnreadable: {
    exit: 3,
    summary: 'The database of the store could not be opened.',
    message: p => `The store ${p.file} could not be opened: ${p.reason}`,
    todo: () => 'Check the file and its owner. A store that a newer Kiln wrote needs that Kiln.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  StoreBusy: {
    exit: 1,
    summary: 'Another process kept the database of the store locked.',
    message: p => `The store was locked by another process for ${p.seconds} s.`,
    todo: () => 'End the other process or wait for it, then try again.',
  } satisfies ErrorKind<{ seconds: number }>,
  BadRegionName: {
    exit: 2,
    summary: 'A region has a name that cannot be the name of a directory.',
    message: p => `\`${p.region}\` is not a region name.`,
    todo: () => 'A region name has letters, digits, `-` and `_` only, e.g. `westeurope`.',
  } satisfies ErrorKind<{ region: string }>,
  BadResourceId: {
    exit: 2,
    summary: 'An ARM resource id does not have the form that is needed here.',
    message: p => `\`${p.id}\` is not the id of ${p.wanted}.`,
    todo: p => `The form is ${p.form}`,
  } satisfies ErrorKind<{ id: string; wanted: string; form: string }>,
  ResourceGroupMissing: {
    exit: 2,
    summary: 'With `--strict`, a resource group must exist before something is published to it.',
    message: p => `The resource group ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  GalleryMissing: {
    exit: 2,
    summary: 'With `--strict`, a gallery must exist before a version is published to it.',
    message: p => `The gallery ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  ImageDefinitionMissing: {
    exit: 2,
    summary: 'With `--strict`, an image definition must exist before a version is published to it.',
    message: p => `The image definition ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  ImageDefinitionMismatch: {
    exit: 2,
    summary: 'The image does not fit the image definition: its operating system or generation is another one.',
    message: p => `The image definition ${p.id} is for ${p.definition}; this image is ${p.image}.`,
    todo: () => 'Publish to another definition, or use a source of the right operating system and generation.',
  } satisfies ErrorKind<{ id: string; definition: string; image: string }>,
  GalleryVersionExists: {
    exit: 2,
    summary:
      'An explicit gallery image version exists already, or another run publishes it now. Versions never change.',
    message: p => `The gallery image version ${p.id} exists already${p.busy ? ' (another run is publishing it)' : ''}.`,
    todo: () => 'Name another version, or give the id of the definition to have the next version chosen.',
  } satisfies ErrorKind<{ id: string; busy: boolean }>,
  GalleryRegionMissing: {
    exit: 2,
    summary: 'With `--strict`, the target regions must include the region of the gallery.',
    message: p => `The target regions (${p.regions}) do not include ${p.location}, the region of the gallery ${p.id}.`,
    todo: p => `Add ${p.location} to the target regions.`,
  } satisfies ErrorKind<{ id: string; location: string; regions: string }>,
  VersionNumberInvalid: {
    exit: 2,
    summary: 'No gallery version number can be made: a part is missing, not a number, or above 2147483647.',
    message: p => `A gallery image version cannot be \`${p.version}\`: ${p.reason}.`,
    todo: () =>
      'A version is three numbers from 0 to 2147483647, e.g. `1.0.0`. Use versioning `Latest` or an explicit version.',
  } satisfies ErrorKind<{ version: string; reason: string }>,
  ManagedImageElsewhere: {
    exit: 2,
    summary: 'A managed image of that name exists in another region.',
    message: p => `The managed image ${p.id} exists in ${p.found}; the template wants it in ${p.wanted}.`,
    todo: () => 'Use the region of the existing image, another name, or remove the image with `kiln image rm`.',
  } satisfies ErrorKind<{ id: string; found: string; wanted: string }>,
  TargetTwice: {
    exit: 2,
    summary: 'Two distribute targets of one template publish to the same place.',
    message: p => `Two distribute targets (${p.first}, ${p.second}) publish to ${p.id}.`,
    todo: () => 'Give each target its own image id or version.',
  } satisfies ErrorKind<{ first: string; second: string; id: string }>,
  VhdUriUnsupported: {
    exit: 2,
    summary: 'A VHD target names a destination URI. Kiln writes VHDs to the region of the template only.',
    message: p => `The VHD target ${p.name} has the destination \`${p.uri}\`, which Kiln cannot write to.`,
    todo: () => 'Leave `uri` out and copy the file from where Kiln puts it.',
  } satisfies ErrorKind<{ name: string; uri: string }>,
  PublishFailed: {
    exit: 1,
    summary: 'An artifact could not be published because the file system refused something.',
    message: p => `${p.name} could not be published: ${p.reason}`,
    todo: () =>
      'Check the directories below KILN_HOME (and those of the regions in the configuration), then try again.',
  } satisfies ErrorKind<{ name: string; reason: string }>,
  ImageNotFound: {
    exit: 2,
    summary: 'No image, version, VHD or run output has that id or name.',
    message: p => `There is no ${p.what} \`${p.id}\`.`,
    todo: () => '`kiln image list` shows what there is.',
  } satisfies ErrorKind<{ what: string; id: string }>,
  ImageNotInRegion: {
    exit: 2,
    summary: 'With `--strict`, a gallery image version must have a copy in the region of the template that uses it.',
    message: p => `${p.id} has no copy in ${p.region} (it has: ${p.found}).`,
    todo: () => 'Replicate the version to that region, or change the location of the template.',
  } satisfies ErrorKind<{ id: string; region: string; found: string }>,
  BlobMissing: {
    exit: 1,
    summary: 'The file of a published image is not where the store put it.',
    message: p => `The disk of ${p.id} is not at ${p.path}.`,
    todo: () => 'Put the file back (the directory of the region may not be mounted), or remove the image.',
  } satisfies ErrorKind<{ id: string; path: string }>,
});

export const storeError = thrower(storeErrors);
