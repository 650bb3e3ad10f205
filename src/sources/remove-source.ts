import { sourceError } from '../errors/sources.ts';
import { compareImageVersions, imageKey, parseImageReference } from './image-name.ts';
import { forgetDisk } from './keep-disk.ts';
import { lockName } from './platform-image.ts';
import type { SourceContext } from './source-context.ts';
import { listRecords, readRecord, type SourceRecord } from './source-index.ts';
import { withSourceLock } from './source-lock.ts';
import { sourcePaths } from './source-paths.ts';
import { holderText, usersOf } from './source-uses.ts';

/**
 * Removes the disk of `publisher:offer:sku[:version]` from this machine: of the version, or of all that are here. An image of
 * a catalogue can be got again; one that a user brought is gone.
 *
 * @throws KilnError `SourceNameInvalid`, `SourceNotHere`, `SourceInUse`; the signal's reason when aborted.
 */
export async function removeSource(
  reference: string,
  { home, signal }: Pick<SourceContext, 'home' | 'signal'>,
): Promise<readonly SourceRecord[]> {
  const { name, version } = parseImageReference(reference);
  const paths = sourcePaths(home);
  const records = (await listRecords(paths)).filter(
    record =>
      Object.keys(record.names).some(key => imageKey(key) === imageKey(name)) &&
      (version === 'latest' || compareImageVersions(record.version, version) === 0),
  );
  if (records.length === 0) throw sourceError('SourceNotHere', { name: reference });
  for (const record of records) {
    await withSourceLock({ home, name: lockName(record), signal }, async () => {
      // Somebody may have used or removed it while this waited for the lock.
      if ((await readRecord(paths, record.id, record.version)) === undefined) return;
      const users = await usersOf(paths, record.digest);
      const holders = users.map(holderText);
      if (holders.length > 0) throw sourceError('SourceInUse', { name: `${name}:${record.version}`, holders });
      await forgetDisk(home, record, signal);
    });
  }
  return records;
}
