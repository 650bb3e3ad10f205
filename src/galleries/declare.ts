import { storeError } from '../errors/store.ts';
import type { ImageDefinitionRow } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { type EnsureOptions, ensureGalleryRow, ensureResourceGroup, findDefinition, resource } from './ensure.ts';
import { type PurchasePlan, planColumn } from './purchase-plan.ts';
import { type DefinitionId, definitionId, type GroupId } from './resource-id.ts';
import type { DefinitionFeature } from './security-type.ts';

type Tags = Readonly<Record<string, string>>;

export interface DeclareOptions extends EnsureOptions {
  /** Replace those that the resource has. */
  readonly tags: Tags;
}

/** An image definition as somebody states it, rather than as the first image makes it. */
export interface DeclaredDefinition {
  readonly id: DefinitionId;
  readonly os: 'Linux' | 'Windows';
  readonly osState: 'Generalized' | 'Specialized';
  readonly generation: 'V1' | 'V2';
  readonly features: readonly DefinitionFeature[];
  readonly plan: PurchasePlan | undefined;
}

/**
 * Makes a gallery, or gives an existing one its tags. Its resource group is made when it is not there.
 *
 * @throws KilnError `ResourceGroupMissing` with `strict`.
 */
export function declareGallery(
  store: Store,
  id: GroupId & { readonly gallery: string },
  options: DeclareOptions,
): Promise<void> {
  return store.write(async trx => {
    const groupKey = await ensureResourceGroup(trx, id, options);
    // What is declared is made: only what it lies in has to be there.
    const key = await ensureGalleryRow(trx, id, groupKey, { ...options, strict: false });
    await trx
      .updateTable('galleries')
      .set({ tags: JSON.stringify(options.tags) })
      .where('key', '=', key)
      .execute();
  });
}

/**
 * Makes an image definition, or gives an existing one its tags. Its gallery is made when it is not there.
 *
 * @throws KilnError `ResourceGroupMissing`, `GalleryMissing` with `strict`; `PropertyChangeNotAllowed` for an existing
 * definition that is for other images.
 */
export function declareDefinition(store: Store, declared: DeclaredDefinition, options: DeclareOptions): Promise<void> {
  return store.write(async trx => {
    const { id } = declared;
    const groupKey = await ensureResourceGroup(trx, id, options);
    const galleryKey = await ensureGalleryRow(trx, id, groupKey, options);
    const tags = JSON.stringify(options.tags);
    const row: ImageDefinitionRow = {
      ...resource(definitionId(id), options.location),
      tags,
      gallery_key: galleryKey,
      os: declared.os,
      os_state: declared.osState,
      generation: declared.generation,
      features: JSON.stringify(declared.features.map(({ name, value }) => ({ name, value }))),
      purchase_plan: planColumn(declared.plan),
    };
    const found = await findDefinition(trx, id);
    if (found === undefined) {
      await trx.insertInto('image_definitions').values(row).execute();
      return;
    }
    const fixed = { os: 'osType', os_state: 'osState', generation: 'hyperVGeneration', features: 'features' } as const;
    for (const column of ['os', 'os_state', 'generation', 'features'] as const) {
      if (found[column] === row[column]) continue;
      throw storeError('PropertyChangeNotAllowed', { id: found.id, property: fixed[column], found: found[column] });
    }
    if (found.purchase_plan !== row.purchase_plan) {
      const plan = found.purchase_plan ?? 'none';
      throw storeError('PropertyChangeNotAllowed', { id: found.id, property: 'purchasePlan', found: plan });
    }
    await trx.updateTable('image_definitions').set({ tags }).where('key', '=', found.key).execute();
  });
}
