import { z } from 'zod';
import { storageAccountType } from '../../distributors/schema-fields.ts';
import { armError } from '../../errors/arm.ts';
import type { ReplicaTarget, ReplicationMode } from '../../galleries/gallery-version.ts';
import { checkedBody, refuseProperties } from '../checked-body.ts';
import { objectIn } from '../request-body.ts';
import { locationIn } from '../stored-type.ts';

/** What a `PUT` or `PATCH` says about a gallery image version. What it does not say is `undefined`. */
export interface VersionWanted {
  readonly regions: readonly ReplicaTarget[] | undefined;
  readonly excludeFromLatest: boolean | undefined;
  /** ISO 8601. */
  readonly endOfLife: string | undefined;
  readonly replicationMode: ReplicationMode | undefined;
  /** Id of the image or version that it is made from. */
  readonly source: string | undefined;
}

const targetRegion = z.object({
  name: z.string().min(1),
  regionalReplicaCount: z.int().min(1).max(100).nullish(),
  storageAccountType: storageAccountType.nullish(),
  excludeFromLatest: z.boolean().nullish(),
});

const profile = z.object({
  targetRegions: z.array(targetRegion).min(1).max(100, 'a version has up to 100 regions').nullish(),
  replicaCount: z.int().min(1).max(100).nullish(),
  storageAccountType: storageAccountType.nullish(),
  excludeFromLatest: z.boolean().nullish(),
  endOfLifeDate: z
    .string()
    .refine(text => !Number.isNaN(Date.parse(text)), 'it is not a date and a time, e.g. 2030-01-31T00:00:00Z')
    .nullish(),
  replicationMode: z.enum(['Full', 'Shallow']).nullish(),
  /** Where API versions before 2019-07-01 have the source. */
  source: z.object({ managedImage: z.object({ id: z.string().min(1) }) }).nullish(),
});

const storage = z.object({ source: z.object({ id: z.string().min(1).nullish() }).nullish() });

/** Disks that are made elsewhere: Kiln publishes images. */
const NO_DISKS =
  'versions are made from managed images and other versions, not from disks, snapshots, VHDs or virtual machines';

/** @throws KilnError `InvalidParameter`. */
export function versionWanted(body: unknown, current: { readonly excludeFromLatest: boolean }): VersionWanted {
  const properties = objectIn(body, 'properties');
  const publishing = objectIn(properties, 'publishingProfile');
  const storageProfile = objectIn(properties, 'storageProfile');
  const given = checkedBody(profile, publishing, ['properties', 'publishingProfile']);
  const { source } = checkedBody(storage, storageProfile, ['properties', 'storageProfile']);
  refuseElsewhere(properties, storageProfile);
  const excludeFromLatest = given.excludeFromLatest ?? undefined;
  const regions = given.targetRegions?.map((region): ReplicaTarget => {
    return {
      name: locationIn({ location: region.name }),
      replicaCount: region.regionalReplicaCount ?? given.replicaCount ?? 1,
      storageAccountType: region.storageAccountType ?? given.storageAccountType ?? 'Standard_LRS',
    };
  });
  const names = regions?.map(({ name }) => name) ?? [];
  const target = 'properties.publishingProfile.targetRegions';
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw armError('InvalidParameter', { name: target, reason: `${twice} is there twice` });
  const alone = given.targetRegions?.find(({ excludeFromLatest: own }) => {
    return own === true && !(excludeFromLatest ?? current.excludeFromLatest) && !current.excludeFromLatest;
  });
  if (alone !== undefined) {
    const reason = 'a version is excluded from latest in all regions or in none; say so in the publishing profile';
    throw armError('InvalidParameter', { name: `${target}.excludeFromLatest`, reason });
  }
  return {
    regions,
    excludeFromLatest,
    endOfLife: given.endOfLifeDate ?? undefined,
    replicationMode: given.replicationMode ?? undefined,
    source: source?.id ?? given.source?.managedImage.id,
  };
}

function refuseElsewhere(properties: object, storageProfile: Readonly<Record<string, unknown>>): void {
  const within = 'properties.storageProfile';
  refuseProperties(
    objectIn(storageProfile, 'source'),
    { virtualMachineId: NO_DISKS, communityGalleryImageId: 'there are no community galleries here' },
    `${within}.source`,
  );
  refuseProperties(objectIn(storageProfile, 'osDiskImage'), { source: NO_DISKS }, `${within}.osDiskImage`);
  const disks = storageProfile['dataDiskImages'];
  for (const [i, disk] of (Array.isArray(disks) ? disks : []).entries()) {
    refuseProperties(disk, { source: NO_DISKS }, `${within}.dataDiskImages.${i}`);
  }
  refuseProperties(properties, { securityProfile: 'images have no UEFI settings of their own here' });
  const safety = objectIn(properties, 'safetyProfile');
  if (safety['allowDeletionOfReplicatedLocations'] === false) {
    const reason = 'regions can always be taken away here';
    throw armError('InvalidParameter', { name: 'properties.safetyProfile.allowDeletionOfReplicatedLocations', reason });
  }
}
