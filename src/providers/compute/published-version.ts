import { findVersion } from '../../galleries/resolve.ts';
import { definitionId, keyOf } from '../../galleries/resource-id.ts';
import { parseVersion, renderVersion } from '../../galleries/version-number.ts';
import type { GalleryVersionRow } from '../../store/database.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ArmRequest } from '../provider.ts';
import { versionIdIn } from './ids.ts';

/** Key of the version that a request is about, however its number is written. */
export function versionKey(request: ArmRequest): string {
  const id = versionIdIn(request);
  return keyOf(`${definitionId(id)}/versions/${renderVersion(parseVersion(id.version))}`);
}

/** An exact version: there is no `latest` to read or to delete. */
export async function publishedVersion(
  db: Pick<StoreTransaction, 'selectFrom'>,
  request: ArmRequest,
): Promise<GalleryVersionRow | undefined> {
  const id = versionIdIn(request);
  return findVersion(db, { ...id, version: renderVersion(parseVersion(id.version)) });
}
