import type { DistributeTarget } from '../distributors/targets.ts';

/** Host of a storage account behind its name, as the URIs of VHDs have it. */
const BLOB_HOST = 'blob.core.windows.net';

/**
 * Gives a VHD without a destination its place in the storage account of the template's staging group, by a name like those of
 * Azure's service: `vhds/Tmp1_20261121173015.vhd`.
 */
export function inStagingAccount(
  targets: readonly DistributeTarget[],
  storageAccount: string,
  time: Date,
): readonly DistributeTarget[] {
  const stamp = time.toISOString().slice(0, 19).replace(/\D/g, '');
  let count = 0;
  return targets.map(target => {
    if (target.type !== 'VHD' || target.uri !== '') return target;
    count += 1;
    return { ...target, uri: `https://${storageAccount}.${BLOB_HOST}/vhds/Tmp${count}_${stamp}.vhd` };
  });
}
