import { storeError } from '../errors/store.ts';

/** A managed image by its ARM id. */
export interface ManagedImageId {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly image: string;
}

/** An image definition by its ARM id. */
export interface DefinitionId {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly gallery: string;
  readonly definition: string;
}

export interface VersionId extends DefinitionId {
  /** As written: `1.2.3` or `latest`. */
  readonly version: string;
}

/** A resource group by its ARM id. */
export interface GroupId {
  readonly subscription: string;
  readonly resourceGroup: string;
}

const GROUP = '/subscriptions/<subscription>/resourceGroups/<group>';
const IMAGE_FORM = `${GROUP}/providers/Microsoft.Compute/images/<image>`;
const DEFINITION_FORM = `${GROUP}/providers/Microsoft.Compute/galleries/<gallery>/images/<definition>`;
const VERSION_FORM = `${DEFINITION_FORM}/versions/<version>`;

/** @throws KilnError `BadResourceId`. */
export function parseResourceGroupId(id: string): GroupId {
  const parts = match(id, GROUP);
  if (parts === undefined) throw storeError('BadResourceId', { id, wanted: 'a resource group', form: GROUP });
  const [subscription = '', resourceGroup = ''] = parts;
  return { subscription, resourceGroup };
}

/** @throws KilnError `BadResourceId`. */
export function parseManagedImageId(id: string): ManagedImageId {
  const parts = match(id, IMAGE_FORM);
  if (parts === undefined) throw storeError('BadResourceId', { id, wanted: 'a managed image', form: IMAGE_FORM });
  const [subscription = '', resourceGroup = '', image = ''] = parts;
  return { subscription, resourceGroup, image };
}

/** @throws KilnError `BadResourceId`. */
export function parseVersionId(id: string): VersionId {
  const parts = match(id, VERSION_FORM);
  if (parts === undefined) {
    throw storeError('BadResourceId', { id, wanted: 'a gallery image version', form: VERSION_FORM });
  }
  return versionOf(parts);
}

/**
 * A definition, or an explicit version of one, as `galleryImageId` of a template may be.
 *
 * @throws KilnError `BadResourceId`.
 */
export function parseGalleryImageId(id: string): DefinitionId & { readonly version: string | undefined } {
  const versioned = match(id, VERSION_FORM);
  if (versioned !== undefined) return versionOf(versioned);
  const parts = match(id, DEFINITION_FORM);
  if (parts === undefined) {
    throw storeError('BadResourceId', { id, wanted: 'an image definition or version', form: DEFINITION_FORM });
  }
  return { ...versionOf(parts), version: undefined };
}

export function resourceGroupId(id: GroupId): string {
  return `/subscriptions/${id.subscription}/resourceGroups/${id.resourceGroup}`;
}

export function managedImageId(id: ManagedImageId): string {
  return `${resourceGroupId(id)}/providers/Microsoft.Compute/images/${id.image}`;
}

export function galleryId(id: Omit<DefinitionId, 'definition'>): string {
  return `${resourceGroupId(id)}/providers/Microsoft.Compute/galleries/${id.gallery}`;
}

export function definitionId(id: DefinitionId): string {
  return `${galleryId(id)}/images/${id.definition}`;
}

/** How Azure names a resource besides its group: `Microsoft.Compute/galleries/site/images/web`. */
export function typeAndName(id: string): string {
  return id.replace(/^.*\/providers\//i, '');
}

/** How ids are compared: ARM ids do not differ by case. */
export function keyOf(id: string): string {
  return id.toLowerCase();
}

function versionOf(parts: readonly string[]): VersionId {
  const [subscription = '', resourceGroup = '', gallery = '', definition = '', version = ''] = parts;
  return { subscription, resourceGroup, gallery, definition, version };
}

/** The values of a form's `<...>` parts in an id. The fixed parts are compared without regard to case. */
function match(id: string, form: string): readonly string[] | undefined {
  const given = id.replace(/\/$/, '').split('/');
  const wanted = form.split('/');
  if (given.length !== wanted.length) return undefined;
  const values: string[] = [];
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith('<')) {
      if (!/^[\w.()-]+$/.test(value)) return undefined;
      values.push(value);
    } else if (value.toLowerCase() !== part.toLowerCase()) return undefined;
  }
  return values;
}
