import { storeError } from '../errors/store.ts';
import type { Emit } from '../events/build-event.ts';
import type { ImageDefinitionRow } from '../store/database.ts';
import { regionName } from '../store/regions.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { isSamePlan, type PurchasePlan, planColumn, planOf, planText } from './purchase-plan.ts';
import { type DefinitionId, definitionId, type GroupId, galleryId, keyOf, resourceGroupId } from './resource-id.ts';
import { featuresFor, featuresOf, isExclusive, type SecurityType, securityTypeOf } from './security-type.ts';

export interface EnsureOptions {
  /** Refuse, as the service does, what is not there. */
  readonly strict: boolean;
  /** Region of what is created. */
  readonly location: string;
  readonly emit: Emit;
}

/** What an image and its definition must have in common. Images are always generalized. */
export interface ImageKind {
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  /** Of the source; absent when it is not known, which fits every definition. */
  readonly securityType?: SecurityType | undefined;
  /** Of the source. */
  readonly plan?: PurchasePlan | undefined;
}

/** How an image's kind is said to people. */
export function kindText({ os, generation }: Pick<ImageKind, 'os' | 'generation'>): string {
  return `${os}, generation ${generation}`;
}

/**
 * Makes sure that a resource group exists, and returns its key.
 *
 * @throws KilnError `ResourceGroupMissing` with `strict`.
 */
export async function ensureResourceGroup(trx: StoreTransaction, id: GroupId, options: EnsureOptions): Promise<string> {
  const groupId = resourceGroupId(id);
  const key = keyOf(groupId);
  const found = await trx.selectFrom('resource_groups').select('key').where('key', '=', key).executeTakeFirst();
  if (found !== undefined) return key;
  if (options.strict) throw storeError('ResourceGroupMissing', { id: groupId });
  await trx
    .insertInto('resource_groups')
    .values({ ...resource(groupId, options.location), provisioning_state: 'Succeeded' })
    .execute();
  created(options, 'resource group', groupId);
  return key;
}

/** @throws KilnError `ResourceGroupMissing`. */
export async function requireResourceGroup(store: Store, id: GroupId): Promise<void> {
  const group = resourceGroupId(id);
  const key = keyOf(group);
  const found = await store.db.selectFrom('resource_groups').select('key').where('key', '=', key).executeTakeFirst();
  if (found === undefined) throw storeError('ResourceGroupMissing', { id: group });
}

/**
 * Makes sure that the resource group, the gallery and the definition exist, with a `log` event for each that had to be made,
 * and that the definition is for this kind of image. Returns the definition.
 *
 * @throws KilnError `ResourceGroupMissing`, `GalleryMissing`, `ImageDefinitionMissing` with `strict`; `ImageDefinitionMismatch`.
 */
export function ensureGallery(
  store: Store,
  id: DefinitionId,
  kind: ImageKind,
  options: EnsureOptions,
): Promise<ImageDefinitionRow> {
  return store.write(async trx => {
    const groupKey = await ensureResourceGroup(trx, id, options);
    const galleryKey = await ensureGalleryRow(trx, id, groupKey, options);
    const imageId = definitionId(id);
    const found = await findDefinition(trx, id);
    if (found !== undefined) {
      refuseOtherKind(found, kind);
      return found;
    }
    if (options.strict) throw storeError('ImageDefinitionMissing', { id: imageId });
    const row: ImageDefinitionRow = {
      ...resource(imageId, options.location),
      gallery_key: galleryKey,
      os: kind.os,
      generation: kind.generation,
      os_state: 'Generalized',
      architecture: 'x64',
      identifier: null,
      features: JSON.stringify(featuresFor(kind.securityType)),
      purchase_plan: planColumn(kind.plan),
      details: '{}',
    };
    await trx.insertInto('image_definitions').values(row).execute();
    created(options, 'image definition', `${imageId} (${kindText(kind)})`);
    return row;
  });
}

export function findDefinition(
  db: Pick<StoreTransaction, 'selectFrom'>,
  id: DefinitionId,
): Promise<ImageDefinitionRow | undefined> {
  const key = keyOf(definitionId(id));
  return db.selectFrom('image_definitions').selectAll().where('key', '=', key).executeTakeFirst();
}

/** @throws KilnError `ImageDefinitionMismatch`. */
export function refuseOtherKind(definition: ImageDefinitionRow, kind: ImageKind): void {
  const security = securityTypeOf(featuresOf(definition.features));
  const plan = planOf(definition.purchase_plan);
  const differences: (readonly [definition: string, image: string])[] = [];
  if (kindText(definition) !== kindText(kind)) differences.push([kindText(definition), kindText(kind)]);
  if (definition.architecture !== 'x64') differences.push([`${definition.architecture} images`, 'x64']);
  if (definition.os_state !== 'Generalized') differences.push([`${definition.os_state} images`, 'Generalized']);
  if (isExclusive(security) || security !== (kind.securityType ?? security)) {
    differences.push([`security type ${security}`, `of security type ${kind.securityType ?? 'Standard'}`]);
  }
  if (!isSamePlan(plan, kind.plan)) differences.push([`images with ${planText(plan)}`, `with ${planText(kind.plan)}`]);
  if (differences.length === 0) return;
  throw storeError('ImageDefinitionMismatch', {
    id: definition.id,
    definition: differences.map(([wanted]) => wanted).join(', '),
    image: differences.map(([, given]) => given).join(', '),
  });
}

/**
 * Makes sure that a gallery exists, and returns its key.
 *
 * @throws KilnError `GalleryMissing` with `strict`.
 */
export async function ensureGalleryRow(
  trx: StoreTransaction,
  id: Omit<DefinitionId, 'definition'>,
  groupKey: string,
  options: EnsureOptions,
): Promise<string> {
  const wanted = galleryId(id);
  const key = keyOf(wanted);
  const found = await trx.selectFrom('galleries').select('key').where('key', '=', key).executeTakeFirst();
  if (found !== undefined) return key;
  if (options.strict) throw storeError('GalleryMissing', { id: wanted });
  await trx
    .insertInto('galleries')
    .values({ ...resource(wanted, options.location), resource_group_key: groupKey, description: null })
    .execute();
  created(options, 'gallery', wanted);
  return key;
}

/** The columns that every resource has, for one that is new. */
export function resource(id: string, location: string) {
  return {
    key: keyOf(id),
    id,
    location: regionName(location),
    tags: '{}',
    created_at: new Date().toISOString(),
  } as const;
}

function created(options: EnsureOptions, what: string, id: string): void {
  options.emit({ type: 'log', level: 'info', message: `Created the ${what} ${id}` });
}
