import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of the store, of galleries and of publishing. */
export const storeErrors = kinds({
  StoreUnreadable: {
    exit: 3,
    summary: 'The database of the store could not be opened, or was lost while it was in use.',
    message: p => `The store ${p.store} could not be read or written: ${p.reason}`,
    todo: () =>
      'Check the file and its owner, or that the database server runs and takes the connection. A store that a newer Kiln wrote needs that Kiln.',
  } satisfies ErrorKind<{ store: string; reason: string }>,
  StoreBusy: {
    exit: 1,
    status: 503,
    summary: 'Other processes kept the database of the store locked, or all of its connections in use.',
    message: p => `The store ${p.store} was kept busy by other processes for ${p.seconds} s.`,
    todo: () => 'End the other process or wait for it, then try again.',
  } satisfies ErrorKind<{ store: string; seconds: number }>,
  RegionOfAnotherStore: {
    exit: 3,
    summary:
      'The directory of a region has the blobs of another store: of another home, or of a database that is not used now.',
    message: p => `The directory of region ${p.region}, ${p.directory}, belongs to another store (${p.mark}).`,
    todo: p =>
      `Use the database that it belongs to, or another directory for the region. Blobs that are nobody's any more can be moved away, and ${p.mark} with them.`,
  } satisfies ErrorKind<{ region: string; directory: string; mark: string }>,
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
    message: p => `Resource group '${p.id.split('/')[4] ?? ''}' could not be found: ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  GalleryMissing: {
    exit: 2,
    summary: 'With `--strict`, a gallery must exist before a version is published to it.',
    message: p => `${notFound(p.id)} The gallery ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  ImageDefinitionMissing: {
    exit: 2,
    summary: 'With `--strict`, an image definition must exist before a version is published to it.',
    message: p => `${notFound(p.id)} The image definition ${p.id} does not exist.`,
    todo: () => 'Leave out `--strict` to have it created.',
  } satisfies ErrorKind<{ id: string }>,
  ImageDefinitionMismatch: {
    exit: 2,
    summary:
      'The image does not fit the image definition: its operating system, generation, architecture, security type or purchase plan is another one, or the definition is for specialized images.',
    message: p => `The image definition ${p.id} is for ${p.definition}; this image is ${p.image}.`,
    todo: () => 'Publish to another definition, or use a source that fits this one.',
  } satisfies ErrorKind<{ id: string; definition: string; image: string }>,
  PropertyChangeNotAllowed: {
    exit: 2,
    status: 409,
    summary: 'An image definition exists already, and what it is for cannot be changed.',
    message: p =>
      `Changing property '${p.property}' is not allowed. The image definition ${p.id} exists already with \`${p.found}\`.`,
    todo: () => 'Declare it as it is, or use another name.',
  } satisfies ErrorKind<{ id: string; property: string; found: string }>,
  CannotDeleteResource: {
    exit: 2,
    status: 409,
    summary: 'A gallery or an image definition is to be removed while there is something in it.',
    message: p => `Can not delete resource before nested resources are deleted. ${p.nested} is in ${p.id}.`,
    todo: () => 'Remove what is in it first.',
  } satisfies ErrorKind<{ id: string; nested: string }>,
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
  HoldingRegionNeeded: {
    exit: 2,
    summary: 'A shallow gallery image version is to be taken out of the region that has its one copy.',
    message: p =>
      `The gallery image version ${p.id} has its only copy in ${p.region}, which is not among its target regions.`,
    todo: p => `Keep ${p.region} among them, or delete the version.`,
  } satisfies ErrorKind<{ id: string; region: string }>,
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
  VhdUriInvalid: {
    exit: 2,
    summary: 'The destination URI of a VHD target is not that of a blob, or has what cannot be the name of a file.',
    message: p => `A VHD cannot be published to \`${p.uri}\`: ${p.reason}.`,
    todo: () =>
      'The form is `https://<account>.blob.<suffix>/<container>/<path>`. Leave `uri` out to have a place chosen.',
  } satisfies ErrorKind<{ uri: string; reason: string }>,
  VhdUriBlocked: {
    exit: 2,
    summary: 'Where a VHD target wants its blob, there is a directory of other blobs, a blob in the way, or a link.',
    message: p => `A VHD cannot be published to ${p.uri}: ${p.path} ${p.reason}.`,
    todo: () => 'Choose another name. A blob cannot lie below another blob here.',
  } satisfies ErrorKind<{ uri: string; path: string; reason: string }>,
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
  BadManagedImageSource: {
    exit: 2,
    summary:
      'The managed image that a template starts from does not exist; with `--strict`, also: it is in another region or subscription than the template.',
    message: p => p.problem,
    todo: p => p.todo,
  } satisfies ErrorKind<{ problem: string; todo: string }>,
  BadSharedImageVersionSource: {
    exit: 2,
    summary:
      'The gallery image version that a template starts from does not exist, or is of a kind that nothing can be built from; with `--strict`, also: it has no copy in the region of the template.',
    message: p => p.problem,
    todo: p => p.todo,
  } satisfies ErrorKind<{ problem: string; todo: string }>,
  BadStagingResourceGroup: {
    exit: 2,
    summary:
      'The resource group that a template names for its own resources has a bad name, is not empty, belongs to another template, or is elsewhere.',
    message: p => `The staging resource group ${p.id} cannot be used: ${p.reason}.`,
    todo: () =>
      'Name an empty resource group in the region of the template that no other template uses, or one that does not exist yet, or leave `stagingResourceGroup` out.',
  } satisfies ErrorKind<{ id: string; reason: string }>,
  BlobMissing: {
    exit: 1,
    summary: 'The file of a published image is not where the store put it.',
    message: p => `The disk of ${p.id} is not at ${p.path}.`,
    todo: () => 'Put the file back (the directory of the region may not be mounted), or remove the image.',
  } satisfies ErrorKind<{ id: string; path: string }>,
});

export const storeError = thrower(storeErrors);

/** What Azure says of a resource that is not there. */
function notFound(id: string): string {
  const [, name = id] = id.split('/providers/');
  return `The Resource '${name}' under resource group '${id.split('/')[4] ?? ''}' was not found.`;
}
