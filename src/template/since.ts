import type { ApiVersion } from './model.ts';

// What each API version introduced, in one place. What is not listed is older than every version that Kiln reads.
// A pattern is a JSON path below the resource with `[]` for any index and `[Type]` for an element or a
// source of that `type`.

/** Names that earlier versions do not define. */
export const NAME_SINCE: Readonly<Record<string, ApiVersion>> = {
  'properties.optimize': '2022-07-01',
  'properties.source[SharedImageVersion].exactVersion': '2022-07-01',
  'properties.distribute[SharedImage].targetRegions': '2022-07-01',
  'properties.distribute[SharedImage].versioning': '2022-07-01',
  'properties.distribute[VHD].uri': '2022-07-01',
  'properties.errorHandling': '2023-07-01',
  'properties.autoRun': '2024-02-01',
  'properties.managedResourceTags': '2024-02-01',
  'properties.vmProfile.vnetConfig.containerInstanceSubnetId': '2024-02-01',
};

/** Values, of names that are older than the value. */
export const VALUE_SINCE: Readonly<Record<string, Readonly<Record<string, ApiVersion>>>> = {
  'properties.validate.inVMValidations[].type': { File: '2022-07-01' },
  'properties.distribute[SharedImage].storageAccountType': { Premium_LRS: '2022-07-01' },
};

/** An image version's id may end in `latest` from this version on. */
export const LATEST_GALLERY_VERSION_SINCE: ApiVersion = '2022-07-01';

/** Names that are required below the stated version, where a newer form took their place. */
export const REQUIRED_BEFORE: Readonly<Record<string, ApiVersion>> = {
  'properties.distribute[SharedImage].replicationRegions': '2022-07-01',
};
