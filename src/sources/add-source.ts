import { createHash } from 'node:crypto';
import { sourceError } from '../errors/sources.ts';
import type { DeviceProfile, Generation } from '../machine/machine.ts';
import type { PlanInfo } from '../template/model.ts';
import type { StatedFormat } from './catalogue-schema.ts';
import { imageKey, isVersion, parseImageReference } from './image-name.ts';
import { keepDisk, type RecordFacts } from './keep-disk.ts';
import { lockName } from './platform-image.ts';
import type { SourceContext } from './source-context.ts';
import { readRecord, type SourceRecord } from './source-index.ts';
import { withSourceLock } from './source-lock.ts';
import { sourcePaths } from './source-paths.ts';
import { usableFile } from './usable-file.ts';
import { inWorkspace } from './workspace.ts';

/** A disk that a user brings. Everything about it is stated by the user; nothing is guessed from its content. */
export interface BroughtDisk {
  /** `publisher:offer:sku`. */
  readonly name: string;
  /** Three numbers. */
  readonly version: string;
  readonly file: string;
  readonly format: StatedFormat;
  readonly os: 'Linux' | 'Windows';
  readonly generation: Generation;
  readonly devices: DeviceProfile;
  readonly defaultUser?: string;
  /** Purchase plan that templates have to state. */
  readonly planInfo?: PlanInfo;
}

/**
 * Takes a user's disk in as a platform image of this machine. The file itself is neither kept nor changed.
 *
 * @throws KilnError `SourceNameInvalid`, `SourceExists`, `SourceFileUnusable`, `DiskRefused`, those of `runTool`; the signal's
 * reason when aborted.
 */
export async function addSource(
  disk: BroughtDisk,
  { home, signal, emit }: Pick<SourceContext, 'home' | 'signal' | 'emit'>,
): Promise<SourceRecord> {
  const { name, version } = checkedName(disk);
  const paths = sourcePaths(home);
  const id = idOf(name);
  return withSourceLock({ home, name: lockName({ id, version }), signal }, async () => {
    if ((await readRecord(paths, id, version)) !== undefined) {
      throw sourceError('SourceExists', { name: `${name}:${version}` });
    }
    return inWorkspace(paths, async directory => {
      const path = await usableFile(disk.file, { directory, signal });
      const { os, devices, defaultUser, planInfo } = disk;
      const facts: RecordFacts = {
        ...{ id, version, origin: 'added', title: name, names: { [name]: disk.generation } },
        ...{ os, devices, way: `added from ${disk.file}` },
        ...(defaultUser === undefined ? {} : { defaultUser }),
        ...(planInfo === undefined ? {} : { planInfo }),
      };
      return keepDisk({ path, format: disk.format }, facts, { home, directory, signal, emit });
    });
  });
}

function checkedName(disk: BroughtDisk): { readonly name: string; readonly version: string } {
  if (!isVersion(disk.version)) {
    const reason = `the version \`${disk.version}\` is not three numbers`;
    throw sourceError('SourceNameInvalid', { name: `${disk.name}:${disk.version}`, reason });
  }
  return parseImageReference(`${disk.name}:${disk.version}`);
}

/** Cannot be that of a catalogue: two names that differ in more than case never share one. */
function idOf(name: string): string {
  const key = imageKey(name);
  const suffix = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return `added-${key.replaceAll(':', '-')}-${suffix}`;
}
