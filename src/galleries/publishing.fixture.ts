import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { ensureGallery, type ImageKind } from './ensure.ts';
import {
  type Numbering,
  type PublishedVersion,
  publishGalleryVersion,
  type ReplicationMode,
} from './gallery-version.ts';
import { type PublishedManagedImage, publishManagedImage } from './managed-image.ts';
import type { ImageToPublish } from './published-disk.ts';
import { parseGalleryImageId, parseManagedImageId } from './resource-id.ts';

const COMPUTE = '/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Compute';
export const IMAGE_ID = `${COMPUTE}/images/web`;
export const DEFINITION_ID = `${COMPUTE}/galleries/site/images/web`;
export const LINUX_V2: ImageKind = { os: 'Linux', generation: 'V2' };

export interface PublishOptions {
  readonly text?: string;
  /** Texts of data disks by LUN. */
  readonly dataDisks?: Readonly<Record<number, string>>;
  readonly numbering?: Numbering;
  readonly regions?: readonly string[];
  readonly excludeFromLatest?: boolean;
  readonly kind?: ImageKind;
  readonly signal?: AbortSignal;
  readonly onCopy?: () => unknown;
  readonly strict?: boolean;
  readonly location?: string;
  readonly replicationMode?: ReplicationMode;
}

export interface PublishingFixture extends StoreFixture {
  /** Messages of `log` events. */
  readonly said: readonly string[];
  version(options?: PublishOptions): Promise<PublishedVersion>;
  managedImage(options?: PublishOptions): Promise<PublishedManagedImage>;
}

/** A store, its own or one that there is, and small files published to it as if they were disks. */
export async function publishingFixture(on?: StoreFixture): Promise<PublishingFixture> {
  const fixture = on ?? (await storeFixture());
  const { store } = fixture;
  const said: string[] = [];
  let runs = 0;
  const emit = (event: { readonly type: string; readonly message?: string }) => {
    if (event.type === 'log') said.push(event.message ?? '');
  };
  const disk = async (options: PublishOptions, runId: string): Promise<ImageToPublish> => ({
    ...(await fixture.file(options.text ?? 'disk')),
    virtualSizeBytes: 4096,
    ...(options.kind ?? LINUX_V2),
    runId,
    sourceDigest: 'kdt1:source',
    sourceName: 'Debian:debian-12:12-gen2:12.0.1',
    dataDisks: await Promise.all(
      Object.entries(options.dataDisks ?? {}).map(async ([lun, text]) => {
        return { ...(await fixture.file(text)), lun: Number(lun), virtualSizeBytes: 3 * 2 ** 30 };
      }),
    ),
    takeOver: () => false,
  });
  const common = (options: PublishOptions) => ({
    tags: { team: 'web' },
    runOutputName: 'out',
    signal: options.signal ?? new AbortController().signal,
    strict: options.strict ?? false,
    location: options.location ?? 'local',
    emit,
    onCopy: () => void options.onCopy?.(),
  });
  return {
    ...fixture,
    said,
    version: async (options = {}) => {
      runs += 1;
      const runId = `run-${runs}`;
      const id = parseGalleryImageId(DEFINITION_ID);
      return publishGalleryVersion(store, {
        ...common(options),
        definition: await ensureGallery(store, id, options.kind ?? LINUX_V2, common(options)),
        numbering: options.numbering ?? { scheme: 'Latest', major: -1 },
        regions: (options.regions ?? ['local']).map(name => ({
          name,
          replicaCount: 1,
          storageAccountType: 'Standard_LRS',
        })),
        replicationMode: options.replicationMode ?? 'Full',
        disk: () => disk(options, runId),
        excludeFromLatest: options.excludeFromLatest ?? false,
        runId,
      });
    },
    managedImage: async (options = {}) => {
      runs += 1;
      const runId = `run-${runs}`;
      return publishManagedImage(store, {
        ...common(options),
        id: parseManagedImageId(IMAGE_ID),
        disk: () => disk(options, runId),
      });
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}
