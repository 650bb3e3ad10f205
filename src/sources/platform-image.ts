import { access } from 'node:fs/promises';
import { sourceError } from '../errors/sources.ts';
import { loadCatalogues, OWN_CATALOGUE } from './catalogue.ts';
import type { Way } from './catalogue-schema.ts';
import { type FoundImage, findImage, type KnownImages } from './find-image.ts';
import { imageKey, parseImageReference } from './image-name.ts';
import { obtain } from './obtain.ts';
import { purchasePlan } from './plan-info.ts';
import type { SourceContext } from './source-context.ts';
import type { SourceDisk } from './source-disk.ts';
import { listRecords, readRecord, type SourceRecord } from './source-index.ts';
import { withSourceLock } from './source-lock.ts';
import { sourcePaths } from './source-paths.ts';
import { noteUse } from './source-uses.ts';

export interface PlatformImageRequest {
  /** `publisher:offer:sku`, as the template or the user wrote it. */
  readonly name: string;
  /** An exact version or `latest`. */
  readonly version: string;
  /** Who uses the disk from now on; nobody when absent. */
  readonly holder?: string;
  /** Throws for an image that is not to be used, before its disk is got. `aliased` is one that an alias led to. */
  readonly accept?: (image: FoundImage, aliased: boolean) => void;
  /** Which of the image's ways may be tried when its disk is not on this machine. */
  readonly allow?: (way: Way) => boolean;
}

/**
 * A platform image as a disk on this machine: from the site's aliases and the catalogues, by the first way that works
 * unless it is here already. Of several processes that want the same image one gets it and the others wait for it.
 *
 * @throws KilnError `SourceNameInvalid`, `SourceUnknown`, `SourceVersionUnknown`, `SourceUnavailable`, `CatalogueInvalid`,
 * the error of the only way; the signal's reason when aborted.
 */
export async function platformImage(request: PlatformImageRequest, context: SourceContext): Promise<SourceDisk> {
  const { home, signal, emit } = context;
  const paths = sourcePaths(home);
  const { asked, meant, image, aliased } = await findPlatformImage(request.name, request.version, context);
  if (aliased) {
    const message = `${asked.name} is ${meant.name}:${meant.version} at this site (an alias in the configuration)`;
    emit({ type: 'log', level: 'info', message });
  }
  request.accept?.(image, aliased);
  const exactName = `${image.name}:${image.version}`;
  const onWait = (holder: string) => {
    emit({ type: 'log', level: 'info', message: `Waiting for ${exactName}: ${holder} is at work on it` });
  };
  const record = await withSourceLock({ home, name: lockName(image), signal, onWait }, async () => {
    const found = (await recordOnDisk(image, context)) ?? (await get(image, request.allow, context));
    if (request.holder !== undefined) await noteUse(paths, found.digest, request.holder);
    return found;
  });
  return {
    path: paths.disk(record.digest),
    digest: record.digest,
    virtualSizeBytes: record.virtualSizeBytes,
    dataDisks: [],
    name: `${asked.name}:${asked.version}`,
    exactName,
    exactVersion: image.version,
    os: image.os,
    generation: image.generation,
    devices: image.devices,
    defaultUser: image.defaultUser,
    plan: purchasePlan(image.planInfo),
    securityType: image.securityType,
  };
}

/**
 * The image of a name at this site, and its disk's record if the disk is on this machine.
 *
 * @throws KilnError `SourceNameInvalid`, `SourceUnknown`, `SourceVersionUnknown`, `CatalogueInvalid`.
 */
export async function findPlatformImage(
  name: string,
  version: string,
  context: Pick<SourceContext, 'home' | 'config' | 'catalogue'>,
): Promise<{
  readonly asked: { readonly name: string; readonly version: string };
  /** What stands in for it at this site; the same without an alias. */
  readonly meant: { readonly name: string; readonly version: string };
  readonly image: FoundImage;
  /** Whether an alias led to it. */
  readonly aliased: boolean;
  readonly record: SourceRecord | undefined;
}> {
  const asked = parseImageReference(`${name}:${version}`);
  const meant = aliasOf(asked, context.config.aliases);
  const image = findImage(await knownImages(context), meant.name, meant.version);
  const record = await readRecord(sourcePaths(context.home), image.id, image.version);
  return { asked, meant, image, aliased: meant !== asked, record };
}

/** All images of the catalogues and of this machine. */
export async function knownImages({
  home,
  config,
  catalogue,
}: Pick<SourceContext, 'home' | 'config' | 'catalogue'>): Promise<KnownImages> {
  return {
    catalogue: await loadCatalogues([...config.catalogues, catalogue ?? OWN_CATALOGUE]),
    records: await listRecords(sourcePaths(home)),
  };
}

/** Name of the lock that whoever gets or removes the disk of an image holds. */
export function lockName({ id, version }: Pick<FoundImage, 'id' | 'version'>): string {
  return `source-${id}@${version}`;
}

function aliasOf(
  asked: { readonly name: string; readonly version: string },
  aliases: Readonly<Record<string, string>>,
): { readonly name: string; readonly version: string } {
  const alias = Object.entries(aliases).find(([name]) => imageKey(name) === imageKey(asked.name))?.[1];
  if (alias === undefined) return asked;
  // The versions of one image mean nothing for another: an alias without a version stands for its latest.
  return parseImageReference(alias);
}

async function recordOnDisk(image: FoundImage, { home, emit }: SourceContext): Promise<SourceRecord | undefined> {
  const paths = sourcePaths(home);
  const record = await readRecord(paths, image.id, image.version);
  if (record === undefined) return undefined;
  const there = await access(paths.disk(record.digest)).then(
    () => true,
    () => false,
  );
  if (there) return record;
  const message = `The disk of ${image.name}:${image.version} is gone from ${paths.disks}`;
  emit({ type: 'log', level: 'warning', message });
  return undefined;
}

function get(image: FoundImage, allow: PlatformImageRequest['allow'], context: SourceContext): Promise<SourceRecord> {
  const ways = image.ways.filter(way => allow?.(way) ?? true);
  if (ways.length > 0) return obtain(image, ways, context);
  const name = `${image.name}:${image.version}`;
  const reason =
    image.ways.length > 0 ? 'none of its ways is of that kind' : 'its disk is gone and there is no other way to get it';
  throw sourceError('SourceUnavailable', { name, reason });
}
