import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { convertDisk } from '../../disk/convert.ts';
import { digestFile } from '../../disk/digest.ts';
import { diskInfo } from '../../disk/disk-info.ts';
import { publishManagedImage } from '../../galleries/managed-image.ts';
import { keyOf, type ManagedImageId, managedImageId } from '../../galleries/resource-id.ts';
import type { OperationWork } from '../../jobs/operation-runner.ts';
import { sourcePaths } from '../../sources/source-paths.ts';
import { inWorkspace } from '../../sources/workspace.ts';
import { storageBlobPath } from '../../store/storage-blobs.ts';
import type { ProviderServices } from '../services.ts';
import { WRITE_IMAGE } from './places.ts';

/** Input of `WRITE_IMAGE`: a VHD of this site that an image is made from. */
export interface ImageToWrite {
  readonly id: ManagedImageId;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  /** As the request has it. */
  readonly uri: string;
  /** Where the VHD is: the region, and `<account>/<container>/<path>`. */
  readonly region: string;
  readonly blob: string;
}

/** Converts a VHD to a disk of Kiln's, and publishes it. */
export function imageWorks({ store, home }: Pick<ProviderServices, 'store' | 'home'>): readonly OperationWork[] {
  return [
    {
      kind: WRITE_IMAGE,
      run: async ({ id: operationId, input }, signal) => {
        const { id, location, tags, os, generation, uri, region, blob } = input as ImageToWrite;
        const there = await store.db
          .selectFrom('managed_images')
          .select('run_id')
          .where('key', '=', keyOf(managedImageId(id)))
          .executeTakeFirst();
        // Published before a crash.
        if (there?.run_id === operationId) return;
        const source = storageBlobPath(store, region, blob);
        await inWorkspace(sourcePaths(home), async directory => {
          const { virtualSizeBytes } = await diskInfo(source, 'vpc', { strict: true, shownAs: uri, signal });
          const path = join(directory, 'image.qcow2');
          await convertDisk({ source, sourceFormat: 'vpc', destination: path, destinationFormat: 'qcow2', signal });
          const digest = await digestFile(path, { signal });
          const { size: sizeBytes } = await stat(path);
          await publishManagedImage(store, {
            ...{ id, location, tags, signal },
            strict: true,
            emit: () => undefined,
            disk: async () => ({
              ...{ path, digest, sizeBytes, virtualSizeBytes, os, generation },
              ...{ runId: operationId, sourceDigest: digest, sourceName: uri, dataDisks: [] },
              takeOver: () => true,
            }),
          });
        });
      },
    },
  ];
}
