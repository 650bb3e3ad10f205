import { KilnError } from '../../errors/kiln-error.ts';
import { findDefinition } from '../../galleries/ensure.ts';
import { publishGalleryVersion, type ReplicaTarget, type ReplicationMode } from '../../galleries/gallery-version.ts';
import { removeGalleryVersion } from '../../galleries/remove.ts';
import { replicateVersion } from '../../galleries/replicate.ts';
import { findVersion } from '../../galleries/resolve.ts';
import { definitionId, type VersionId } from '../../galleries/resource-id.ts';
import type { OperationWork } from '../../jobs/operation-runner.ts';
import { releasePins, workHolder } from '../../store/pins.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import type { CopyProgress } from './copy-progress.ts';
import { forgetExtensions } from './in-use.ts';
import { DELETE_VERSION, REPLICATE_VERSION, WRITE_VERSION } from './places.ts';
import { imageOf, versionSource } from './version-source.ts';

/** Input of `WRITE_VERSION`: all that a version is made from. */
export interface VersionToWrite {
  readonly id: VersionId;
  /** As it was spelt in the request. */
  readonly fullId: string;
  /** Exact id of the image or version. */
  readonly source: string;
  readonly location: string;
  readonly regions: readonly ReplicaTarget[];
  readonly tags: Readonly<Record<string, string>>;
  readonly excludeFromLatest: boolean;
  readonly endOfLife?: string;
  readonly replicationMode: ReplicationMode;
}

/** Input of `REPLICATE_VERSION`. */
export interface VersionToReplicate {
  readonly regions: readonly ReplicaTarget[];
}

/** What goes on after the answers to requests about versions. */
export function versionWorks(
  { store }: Pick<ProviderServices, 'store'>,
  progress: CopyProgress,
): readonly OperationWork[] {
  return [
    {
      kind: WRITE_VERSION,
      run: async ({ id: operationId, input, targetKey }, signal) => {
        const wanted = input as VersionToWrite;
        // Published before a crash, by this very operation: nobody else takes the number as long as it goes on.
        const there = await findVersion(store.db, wanted.id);
        if (there?.run_id === operationId) return;
        const definition = await findDefinition(store.db, wanted.id);
        if (definition === undefined) throw notFound(definitionId(wanted.id));
        const holder = workHolder();
        try {
          const source = await versionSource(store, wanted.source, { holder, location: wanted.location });
          await publishGalleryVersion(store, {
            definition,
            numbering: { scheme: 'Explicit', version: wanted.id.version },
            regions: wanted.regions,
            replicationMode: wanted.replicationMode,
            disk: () => imageOf(source, operationId),
            tags: wanted.tags,
            excludeFromLatest: wanted.excludeFromLatest,
            endOfLife: wanted.endOfLife,
            runId: operationId,
            signal,
            onCopy: progress.of(targetKey),
          });
        } finally {
          progress.forget(targetKey);
          await releasePins(store, holder);
        }
      },
    },
    {
      kind: REPLICATE_VERSION,
      run: async ({ input, targetKey }, signal) => {
        const { regions } = input as VersionToReplicate;
        try {
          await replicateVersion(store, { key: targetKey, regions, signal, onCopy: progress.of(targetKey) });
        } finally {
          progress.forget(targetKey);
        }
      },
    },
    {
      kind: DELETE_VERSION,
      run: async ({ input, targetKey }) => {
        await removeGalleryVersion(store, input as VersionId).catch((error: unknown) => {
          // Done before a crash.
          if (!(error instanceof KilnError) || error.code !== 'ImageNotFound') throw error;
        });
        await store.write(trx => forgetExtensions(trx, targetKey));
      },
    },
  ];
}
