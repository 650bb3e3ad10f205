import { storeError } from '../errors/store.ts';
import type { Emit } from '../events/build-event.ts';
import type { GalleryRow, ImageDefinitionRow } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { type DefinitionDetails, type DefinitionIdentifier, identifierColumn } from './definition-details.ts';
import { type EnsureOptions, ensureGalleryRow, ensureResourceGroup, findDefinition, resource } from './ensure.ts';
import { type PurchasePlan, planColumn } from './purchase-plan.ts';
import { type DefinitionId, definitionId, type GroupId, galleryId, keyOf, resourceGroupId } from './resource-id.ts';
import type { DefinitionFeature } from './security-type.ts';

type Tags = Readonly<Record<string, string>>;

/** Something that is stated and then made, rather than made as something else needs it. */
export interface Declaration {
  /** Makes it, or gives an existing one what may change of it. */
  create(store: Store, emit: Emit): Promise<void>;
}

/** Where something is declared, and its tags, which replace those that it has. */
export interface Declared {
  readonly location: string;
  readonly tags: Tags;
}

export type DeclareOptions = Pick<EnsureOptions, 'strict' | 'emit'>;

export interface DeclaredGallery extends Declared {
  readonly id: GroupId & { readonly gallery: string };
  readonly description?: string | undefined;
}

/** An image definition as somebody states it, rather than as the first image makes it. */
export interface DeclaredDefinition extends Declared {
  readonly id: DefinitionId;
  readonly os: 'Linux' | 'Windows';
  readonly osState: 'Generalized' | 'Specialized';
  readonly generation: 'V1' | 'V2';
  readonly architecture: 'x64' | 'Arm64';
  readonly identifier: DefinitionIdentifier;
  readonly features: readonly DefinitionFeature[];
  readonly plan: PurchasePlan | undefined;
  readonly details: DefinitionDetails;
}

/** A gallery as it will be when there is none of that name yet. */
export function galleryRow({ id, location, tags, description }: DeclaredGallery): GalleryRow {
  return {
    ...resource(galleryId(id), location),
    tags: JSON.stringify(tags),
    resource_group_key: keyOf(resourceGroupId(id)),
    description: description ?? null,
  };
}

/** A definition as it will be when there is none of that name yet. */
export function definitionRow(declared: DeclaredDefinition): ImageDefinitionRow {
  return {
    ...resource(definitionId(declared.id), declared.location),
    tags: JSON.stringify(declared.tags),
    gallery_key: keyOf(galleryId(declared.id)),
    os: declared.os,
    os_state: declared.osState,
    generation: declared.generation,
    architecture: declared.architecture,
    identifier: identifierColumn(declared.identifier),
    features: JSON.stringify(declared.features.map(({ name, value }) => ({ name, value }))),
    purchase_plan: planColumn(declared.plan),
    details: JSON.stringify(declared.details),
  };
}

/**
 * Makes a gallery, or gives an existing one its tags and description. Its resource group is made when it is not there.
 *
 * @throws KilnError `ResourceGroupMissing` with `strict`.
 */
export function declareGallery(store: Store, declared: DeclaredGallery, options: DeclareOptions): Promise<void> {
  const { id, location } = declared;
  const { tags, description } = galleryRow(declared);
  return store.write(async trx => {
    const groupKey = await ensureResourceGroup(trx, id, { ...options, location });
    // What is declared is made: only what it lies in has to be there.
    const key = await ensureGalleryRow(trx, id, groupKey, { ...options, location, strict: false });
    await trx.updateTable('galleries').set({ tags, description }).where('key', '=', key).execute();
  });
}

/**
 * Makes an image definition, or gives an existing one its tags and details. Its gallery is made when it is not there.
 *
 * @throws KilnError `ResourceGroupMissing`, `GalleryMissing` with `strict`; `PropertyChangeNotAllowed` for an existing
 * definition that is for other images.
 */
export function declareDefinition(store: Store, declared: DeclaredDefinition, options: DeclareOptions): Promise<void> {
  const { id, location } = declared;
  const row = definitionRow(declared);
  return store.write(async trx => {
    const groupKey = await ensureResourceGroup(trx, id, { ...options, location });
    await ensureGalleryRow(trx, id, groupKey, { ...options, location });
    const found = await findDefinition(trx, id);
    if (found === undefined) {
      await trx.insertInto('image_definitions').values(row).execute();
      return;
    }
    refuseChange(found, row);
    const { tags, details, identifier } = row;
    await trx
      .updateTable('image_definitions')
      .set({ tags, details, identifier })
      .where('key', '=', found.key)
      .execute();
  });
}

const FIXED = {
  os: 'osType',
  os_state: 'osState',
  generation: 'hyperVGeneration',
  architecture: 'architecture',
  features: 'features',
  purchase_plan: 'purchasePlan',
  identifier: 'identifier',
} as const;

/** A definition that an image has made has no identifier yet: it takes the first that is declared. */
function refuseChange(found: ImageDefinitionRow, row: ImageDefinitionRow): void {
  const changed = (Object.keys(FIXED) as (keyof typeof FIXED)[]).find(
    column => found[column] !== row[column] && !(column === 'identifier' && found.identifier === null),
  );
  if (changed === undefined) return;
  const was = found[changed] ?? 'none';
  throw storeError('PropertyChangeNotAllowed', { id: found.id, property: FIXED[changed], found: was });
}
