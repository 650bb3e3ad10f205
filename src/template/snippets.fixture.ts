import { IDENTITY_ID, SHA } from './example.fixture.ts';

type Json = Readonly<Record<string, unknown>>;

/** A snippet of the service's template reference, with its placeholders filled in. */
export interface Snippet {
  readonly name: string;
  /** Taken into `properties` of a template that is fine otherwise. */
  readonly properties: Json;
  /** `code path` of each problem below `properties`. */
  readonly problems?: readonly string[];
  readonly warnings?: readonly string[];
}

const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000';
const COMPUTE = `${SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute`;
const SUBNET = `${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/build`;
const SCRIPT = 'https://example.com/setup.sh';
const artifactTags = { source: 'azVmImageBuilder', baseosimg: 'ubuntu' };

const customize = (...steps: Json[]): Json => ({ customize: steps });
const validate = (...steps: Json[]): Json => ({
  validate: { continueDistributeOnFailure: false, sourceValidationOnly: false, inVMValidations: steps },
});
const distribute = (target: Json): Json => ({ distribute: [target] });

/** The snippets of the reference of 2022, for API version 2022-02-14, in their order. */
export const snippets: readonly Snippet[] = [
  {
    name: 'the basic format, with its empty parts',
    properties: {
      buildTimeoutInMinutes: 60,
      stagingResourceGroup: `${SUBSCRIPTION}/resourceGroups/staging`,
      vmProfile: {
        ...{ vmSize: 'Standard_D2_v2', proxyVmSize: 'Standard_A1_v2', osDiskSizeGB: 64 },
        vnetConfig: { subnetId: SUBNET },
        userAssignedIdentities: [IDENTITY_ID, `${IDENTITY_ID}2`, `${IDENTITY_ID}3`],
      },
      ...{ source: {}, customize: [], validate: {}, distribute: [] },
    },
    // The proxy's size has its place in `vnetConfig`.
    problems: ['BadSourceType source.type', 'BadValue distribute'],
    warnings: ['UnknownField vmProfile.proxyVmSize'],
  },
  { name: 'the size of the disk', properties: { vmProfile: { osDiskSizeGB: 100 } } },
  { name: 'a subnet', properties: { vmProfile: { vnetConfig: { subnetId: SUBNET } } } },
  { name: 'identities of the build VM', properties: { vmProfile: { userAssignedIdentities: [IDENTITY_ID] } } },
  { name: 'a staging resource group', properties: { stagingResourceGroup: `${SUBSCRIPTION}/resourceGroups/staging` } },
  {
    name: 'a platform image',
    properties: {
      source: {
        type: 'PlatformImage',
        publisher: 'Canonical',
        offer: 'UbuntuServer',
        sku: '18.04-LTS',
        version: 'latest',
      },
    },
  },
  {
    name: 'a platform image with a plan',
    properties: {
      source: {
        ...{ type: 'PlatformImage', publisher: 'RedHat', offer: 'rhel-byos', sku: 'rhel-lvm75', version: 'latest' },
        planInfo: { planName: 'rhel-lvm75', planProduct: 'rhel-byos', planPublisher: 'redhat' },
      },
    },
  },
  { name: 'a managed image', properties: { source: { type: 'ManagedImage', imageId: `${COMPUTE}/images/golden` } } },
  {
    name: 'a gallery image, whose id is spelt `imageVersionID` there',
    properties: {
      source: { type: 'SharedImageVersion', imageVersionID: `${COMPUTE}/galleries/g/images/d/versions/1.0.0` },
    },
  },
  {
    name: 'a gallery image as it is printed, with blanks in its id',
    properties: {
      source: {
        type: 'SharedImageVersion',
        imageVersionID: `${SUBSCRIPTION}/resourceGroups/g/p  roviders/Microsoft.Compute/galleries/g/images/d/versions/1.0.0`,
      },
    },
    problems: ['BadSharedImageVersionSource source.imageVersionId'],
  },
  {
    name: 'a script and commands',
    properties: customize(
      { type: 'Shell', name: 'script', scriptUri: SCRIPT, sha256Checksum: SHA },
      { type: 'Shell', name: 'inline', inline: ['echo hello'] },
    ),
  },
  {
    name: 'commands as one string',
    properties: customize({ type: 'Shell', name: 'inline', inline: 'echo hello' }),
    problems: ['BadValue customize[0].inline'],
  },
  {
    name: 'commands for root',
    properties: customize({
      ...{ type: 'Shell', name: 'setupBuildPath' },
      inline: ['sudo mkdir /buildArtifacts', 'sudo cp /tmp/index.html /buildArtifacts/index.html'],
    }),
  },
  {
    name: 'a restart',
    properties: customize({
      ...{ type: 'WindowsRestart', restartCommand: 'shutdown /r /f /t 0', restartTimeout: '5m' },
      restartCheckCommand:
        'echo Azure-Image-Builder-Restarted-the-VM  > c:\\buildArtifacts\\azureImageBuilderRestart.txt',
    }),
  },
  {
    name: 'PowerShell with one string and one exit code',
    properties: customize(
      { type: 'PowerShell', name: 'a', scriptUri: SCRIPT, runElevated: true, sha256Checksum: SHA },
      { type: 'PowerShell', name: 'b', inline: 'Get-Process', validExitCodes: 0, runElevated: false },
    ),
    problems: ['BadValue customize[1].inline', 'BadValue customize[1].validExitCodes'],
  },
  {
    name: 'a file',
    properties: customize({
      ...{ type: 'File', name: 'page', sourceUri: 'https://example.com/index.html', destination: '/tmp/index.html' },
      sha256Checksum: SHA,
    }),
  },
  {
    name: 'updates',
    properties: customize({
      ...{ type: 'WindowsUpdate', searchCriteria: 'IsInstalled=0', updateLimit: 20 },
      filters: ["exclude:$_.Title -like '*Preview*'", 'include:$true'],
    }),
  },
  {
    name: 'validation of a Windows image, with one exit code',
    properties: validate(
      {
        ...{ type: 'PowerShell', name: 'inline', inline: ['Get-Process'], validExitCodes: 0 },
        ...{ runElevated: true, runAsSystem: true },
      },
      { type: 'PowerShell', name: 'script', scriptUri: SCRIPT, runElevated: false, sha256Checksum: SHA },
    ),
    problems: ['BadValue validate.inVMValidations[0].validExitCodes'],
  },
  {
    name: 'validation of a Linux image',
    properties: validate(
      { type: 'Shell', name: 'inline', inline: ['true'] },
      { type: 'Shell', name: 'script', scriptUri: SCRIPT, sha256Checksum: SHA },
    ),
  },
  {
    name: 'a managed image to make, its type in the case of the oldest version',
    properties: distribute({
      ...{ type: 'managedImage', imageId: `${COMPUTE}/images/new`, location: 'East US', runOutputName: 'image' },
      artifactTags,
    }),
    problems: ['BadDistributeType distribute[0].type'],
  },
  {
    name: 'a gallery image to make',
    properties: distribute({
      ...{ type: 'SharedImage', galleryImageId: `${COMPUTE}/galleries/g/images/d`, runOutputName: 'gallery' },
      ...{ artifactTags, replicationRegions: ['East US', 'westeurope'] },
    }),
  },
  {
    name: 'a gallery image to make, in a version of its own and for redundant storage',
    properties: distribute({
      ...{ type: 'SharedImage', galleryImageId: `${COMPUTE}/galleries/g/images/d/versions/1.1.1`, runOutputName: 'g' },
      ...{ replicationRegions: ['East US'], excludeFromLatest: true, storageAccountType: 'Standard_ZRS' },
    }),
  },
  { name: 'a VHD', properties: distribute({ type: 'VHD', runOutputName: 'vhd', artifactTags }) },
  {
    name: 'a VHD with `tags`, as the list below it says',
    properties: distribute({ type: 'VHD', runOutputName: 'vhd', tags: artifactTags }),
    warnings: ['UnknownField distribute[0].tags'],
  },
];
