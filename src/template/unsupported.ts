// What the API defines and Kiln cannot do: refused by its path, never accepted and ignored. Patterns as in `since.ts`.

const WINDOWS = 'needs a Windows source, and Kiln builds Linux images only';
const NETWORK = 'places the build VM in an Azure network; Kiln’s build VM has a network of its own';

/** Properties that must be off, with the reason. */
export const UNSUPPORTED_NAMES: Readonly<Record<string, string>> = {
  'properties.autoRun.state': 'starts a build when a template is created in the service; run `kiln build` instead',
  'properties.managedResourceTags': 'tags the Azure resources of a build; Kiln creates none',
  'properties.optimize.vmBoot.state': 'optimizes the boot of Azure VMs; Kiln has no such stage',
  'properties.source[PlatformImage].planInfo': 'accepts a Marketplace plan; Kiln’s catalogue has no images with a plan',
  'properties.stagingResourceGroup': 'names a resource group for a build’s own resources; Kiln creates none',
  'properties.vmProfile.userAssignedIdentities': 'gives the build VM identities; Kiln has no identities to give',
  'properties.vmProfile.vnetConfig.containerInstanceSubnetId': NETWORK,
  'properties.vmProfile.vnetConfig.proxyVmSize': NETWORK,
  'properties.vmProfile.vnetConfig.subnetId': NETWORK,
  'properties.distribute[VHD].uri': 'names a blob in Azure Storage; Kiln keeps VHDs in its own store',
};

/** Values of a `type` that the API defines and Kiln cannot do. */
export const UNSUPPORTED_TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'properties.customize[].type': { PowerShell: WINDOWS, WindowsRestart: WINDOWS, WindowsUpdate: WINDOWS },
  'properties.validate.inVMValidations[].type': { PowerShell: WINDOWS },
};

/** What the service fills in and ignores when a template sends it back. */
export const READ_ONLY: ReadonlySet<string> = new Set([
  'id',
  'systemData',
  'properties.exactStagingResourceGroup',
  'properties.lastRunStatus',
  'properties.provisioningError',
  'properties.provisioningState',
  'properties.source[PlatformImage].exactVersion',
  'properties.source[SharedImageVersion].exactVersion',
]);

/** Whether a value asks for nothing: absent, empty, `Disabled`, or made of nothing else. */
export function isOff(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 'Disabled') return true;
  return typeof value === 'object' && Object.values(value).every(isOff);
}
