import type { ApiVersion } from './model.ts';

// How the API versions differ, in one place. What is not listed is the same in all of them. A pattern is a JSON path
// below the resource with `[]` for any index and `[Type]` for an element or a source of that `type`.

/** Names that earlier versions do not define. */
export const NAME_SINCE: Readonly<Record<string, ApiVersion>> = {
  ...since('2019-02-01-preview', ['properties.customize[Shell].inline']),
  ...since('2019-05-01-preview', [
    'identity',
    'properties.buildTimeoutInMinutes',
    'properties.vmProfile',
    'properties.customize[Shell].sha256Checksum',
    'properties.customize[PowerShell].sha256Checksum',
    'properties.customize[PowerShell].runElevated',
  ]),
  ...since('2020-02-14', [
    'properties.source[PlatformImage].planInfo',
    'properties.customize[PowerShell].runAsSystem',
    'properties.distribute[SharedImage].excludeFromLatest',
    'properties.distribute[SharedImage].storageAccountType',
    'properties.vmProfile.osDiskSizeGB',
    'properties.vmProfile.vnetConfig',
  ]),
  ...since('2021-10-01', [
    'systemData',
    'properties.source[PlatformImage].exactVersion',
    'properties.vmProfile.userAssignedIdentities',
    'properties.vmProfile.vnetConfig.proxyVmSize',
  ]),
  ...since('2022-02-14', [
    'properties.validate',
    'properties.stagingResourceGroup',
    'properties.exactStagingResourceGroup',
  ]),
  ...since('2022-07-01', [
    'properties.optimize',
    'properties.source[SharedImageVersion].exactVersion',
    'properties.distribute[SharedImage].targetRegions',
    'properties.distribute[SharedImage].versioning',
    'properties.distribute[VHD].uri',
  ]),
  ...since('2023-07-01', ['properties.errorHandling']),
  ...since('2024-02-01', [
    'properties.autoRun',
    'properties.managedResourceTags',
    'properties.vmProfile.vnetConfig.containerInstanceSubnetId',
  ]),
  ...since('2025-10-01', [
    'properties.additionalDataDisks',
    'properties.optimize.workload',
    'properties.distribute[SharedImage].replicationMode',
  ]),
};

/** Values, of names that are older than the value. */
export const VALUE_SINCE: Readonly<Record<string, Readonly<Record<string, ApiVersion>>>> = {
  'properties.source.type': { ManagedImage: '2019-02-01-preview', SharedImageVersion: '2019-05-01-preview' },
  'properties.customize[].type': {
    PowerShell: '2019-02-01-preview',
    WindowsRestart: '2019-02-01-preview',
    WindowsUpdate: '2020-02-14',
    File: '2019-05-01-preview',
  },
  'properties.validate.inVMValidations[].type': { File: '2022-07-01' },
  'properties.distribute[].type': { VHD: '2019-02-01-preview' },
  'properties.distribute[SharedImage].storageAccountType': { Premium_LRS: '2022-07-01' },
};

/** Values that the stated version and later ones do not define any more. */
export const VALUE_UNTIL: Readonly<Record<string, Readonly<Record<string, ApiVersion>>>> = {
  'properties.source.type': { ISO: '2020-02-14' },
};

/** Names that were others below the stated version. */
export const NAME_BEFORE: Readonly<Record<string, { readonly version: ApiVersion; readonly name: string }>> = {
  'properties.source[ISO].sourceUri': { version: '2019-05-01-preview', name: 'sourceURI' },
  'properties.customize[Shell].scriptUri': { version: '2019-05-01-preview', name: 'script' },
  'properties.customize[PowerShell].scriptUri': { version: '2019-05-01-preview', name: 'script' },
};

/** Values of `type` that were spelt differently below the stated version. */
export const TYPE_BEFORE: Readonly<Record<string, { readonly version: ApiVersion; readonly name: string }>> = {
  Shell: { version: '2019-02-01-preview', name: 'shell' },
  ManagedImage: { version: '2019-02-01-preview', name: 'managedImage' },
  SharedImage: { version: '2019-02-01-preview', name: 'sharedImage' },
};

/** An image version's id may end in `latest` from this version on. */
export const LATEST_GALLERY_VERSION_SINCE: ApiVersion = '2022-07-01';

/** Names of templates and of run outputs may have a dot from this version on. */
export const DOT_IN_NAMES_SINCE: ApiVersion = '2019-05-01-preview';

/** Where those names are. */
export const DOTLESS_NAMES: ReadonlySet<string> = new Set([
  'name',
  'properties.distribute[VHD].runOutputName',
  'properties.distribute[ManagedImage].runOutputName',
  'properties.distribute[SharedImage].runOutputName',
]);

/** An identity has to be stated from this version on. */
export const IDENTITY_REQUIRED_SINCE: ApiVersion = '2020-02-14';

/** Names that are required below the stated version, where a newer form took their place. */
export const REQUIRED_BEFORE: Readonly<Record<string, ApiVersion>> = {
  'properties.distribute[SharedImage].replicationRegions': '2022-07-01',
};

function since(version: ApiVersion, patterns: readonly string[]): Record<string, ApiVersion> {
  return Object.fromEntries(patterns.map(pattern => [pattern, version]));
}

/** Types that published samples have in versions before they were defined: read from these versions on, with a warning. */
export const TYPE_EARLY: Readonly<Record<string, Readonly<Record<string, ApiVersion>>>> = {
  'properties.customize[].type': { WindowsUpdate: '2019-05-01-preview' },
  'properties.distribute[].type': { VHD: '2018-02-01-preview' },
};

/** Earlier names that published samples still have: read below the stated version, with a warning, where the name itself is not given. */
export const NAME_LATE: Readonly<Record<string, { readonly until: ApiVersion; readonly name: string }>> = {
  'properties.customize[Shell].scriptUri': { until: '2020-02-14', name: 'script' },
  'properties.customize[PowerShell].scriptUri': { until: '2020-02-14', name: 'script' },
};
