import { DEFINITION_ID, IDENTITY_ID } from './example.fixture.ts';
import type { ApiVersion } from './model.ts';

const step = (one: object) => ({ customize: [one] });
const shell = { type: 'Shell', inline: ['a'] };
const gallery = (one: object) => ({
  distribute: [{ type: 'SharedImage', runOutputName: 'o', galleryImageId: DEFINITION_ID, ...one }],
});
const vnet = (vnetConfig: object) => ({ vmProfile: { vnetConfig } });
const subnet = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n';
const regions = { targetRegions: [{ name: 'eastus' }] };
const assigned = (...ids: string[]) => ({
  identity: { type: 'UserAssigned', userAssignedIdentities: Object.fromEntries(ids.map(id => [id, {}])) },
});

/** `target` is the path by which the problem is reported; `properties` and `resource` are changes of a good template. */
type Broken = readonly [what: string, target: string, properties: Record<string, unknown>, resource?: object];

/** Templates of the newest version with one thing wrong in them that a JSON Schema can see. */
export const BROKEN: readonly Broken[] = [
  ['a step of no type', 'properties.customize[0].type', step({ inline: ['a'] })],
  ['a type that there is not', 'properties.customize[0].type', step({ type: 'Bash' })],
  ['a type in another case', 'properties.customize[0].type', step({ type: 'shell', inline: ['a'] })],
  [
    'a validator that restarts',
    'properties.validate.inVMValidations[0].type',
    {
      validate: { inVMValidations: [{ type: 'WindowsRestart' }] },
    },
  ],
  ['a misspelt name', 'properties.customize[0].inlne', step({ type: 'Shell', scriptUri: 'a', inlne: ['a'] })],
  ['a misspelt name far above', 'propertis', {}, { propertis: 1 }],
  ['a name of another type', 'properties.customize[0].runElevated', step({ ...shell, runElevated: true })],
  ['neither script nor commands', 'properties.customize[0].scriptUri', step({ type: 'Shell' })],
  ['both of them', 'properties.customize[0].inline', step({ ...shell, scriptUri: 'a' })],
  ['commands in one text', 'properties.customize[0].inline', step({ type: 'Shell', inline: 'a' })],
  ['a checksum of another kind', 'properties.customize[0].sha256Checksum', step({ ...shell, sha256Checksum: 'ab' })],
  ['a URI with a line break', 'properties.customize[0].scriptUri', step({ type: 'Shell', scriptUri: 'a\nb' })],
  ['a file from nowhere', 'properties.customize[0].sourceUri', step({ type: 'File', destination: '/tmp/a' })],
  [
    'a file to a folder',
    'properties.customize[0].destination',
    step({ type: 'File', sourceUri: 'a', destination: '/tmp/' }),
  ],
  [
    'a relative path',
    'properties.customize[0].destination',
    step({ type: 'File', sourceUri: 'a', destination: 'tmp/a' }),
  ],
  [
    'a time without a unit',
    'properties.customize[0].restartTimeout',
    step({ type: 'WindowsRestart', restartTimeout: '5' }),
  ],
  ['no time', 'properties.customize[0].restartTimeout', step({ type: 'WindowsRestart', restartTimeout: '0m' })],
  [
    'a system account without elevation',
    'properties.customize[0].runAsSystem',
    step({ type: 'PowerShell', inline: ['a'], runAsSystem: true }),
  ],
  ['fewer than no updates', 'properties.customize[0].updateLimit', step({ type: 'WindowsUpdate', updateLimit: -1 })],
  ['no source', 'properties.source', { source: undefined }],
  [
    'a source without its version',
    'properties.source.version',
    { source: { type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c' } },
  ],
  [
    'half a plan',
    'properties.source.planInfo.planProduct',
    {
      source: {
        type: 'PlatformImage',
        publisher: 'a',
        offer: 'b',
        sku: 'c',
        version: '1',
        planInfo: { planName: 'a', planPublisher: 'b' },
      },
    },
  ],
  [
    'an id of another resource',
    'properties.source.imageId',
    { source: { type: 'ManagedImage', imageId: DEFINITION_ID } },
  ],
  ['a medium', 'properties.source.type', { source: { type: 'ISO' } }],
  ['no targets', 'properties.distribute', { distribute: [] }],
  ['no runOutputName', 'properties.distribute[0].runOutputName', { distribute: [{ type: 'VHD' }] }],
  [
    'a runOutputName with a space',
    'properties.distribute[0].runOutputName',
    { distribute: [{ type: 'VHD', runOutputName: 'a b' }] },
  ],
  [
    'a folder for a blob',
    'properties.distribute[0].uri',
    { distribute: [{ type: 'VHD', runOutputName: 'a', uri: 'c:\\a' }] },
  ],
  [
    'a region that is a path',
    'properties.distribute[0].targetRegions[0].name',
    gallery({ targetRegions: [{ name: '../a' }] }),
  ],
  [
    'both forms of regions',
    'properties.distribute[0].replicationRegions',
    gallery({ ...regions, replicationRegions: ['eastus'] }),
  ],
  [
    'a region twice',
    'properties.distribute[0].replicationRegions',
    gallery({ replicationRegions: ['eastus', 'eastus'] }),
  ],
  [
    'storage of the older form',
    'properties.distribute[0].storageAccountType',
    gallery({ ...regions, storageAccountType: 'Standard_LRS' }),
  ],
  [
    'a major number of the source',
    'properties.distribute[0].versioning.major',
    gallery({ ...regions, versioning: { scheme: 'Source', major: 1 } }),
  ],
  ['a limit of five minutes', 'properties.buildTimeoutInMinutes', { buildTimeoutInMinutes: 5 }],
  ['a limit of a week', 'properties.buildTimeoutInMinutes', { buildTimeoutInMinutes: 10080 }],
  ['a disk in words', 'properties.vmProfile.osDiskSizeGB', { vmProfile: { osDiskSizeGB: '30' } }],
  ['a subnet by its name', 'properties.vmProfile.vnetConfig.subnetId', vnet({ subnetId: 'n' })],
  [
    'a container without a subnet',
    'properties.vmProfile.vnetConfig.subnetId',
    vnet({ containerInstanceSubnetId: subnet }),
  ],
  [
    'a proxy beside a container',
    'properties.vmProfile.vnetConfig.proxyVmSize',
    vnet({ subnetId: subnet, containerInstanceSubnetId: `${subnet}2`, proxyVmSize: 'a' }),
  ],
  [
    'another end of an error',
    'properties.errorHandling.onCustomizerError',
    { errorHandling: { onCustomizerError: 'ask' } },
  ],
  [
    'a workload without a script',
    'properties.optimize.workload.scriptUri',
    { optimize: { workload: { state: 'Enabled' } } },
  ],
  ['a group by its name', 'properties.stagingResourceGroup', { stagingResourceGroup: 'g' }],
  ['a tag that is a number', 'properties.managedResourceTags.a', { managedResourceTags: { a: 1 } }],
  ['no location', 'location', {}, { location: undefined }],
  ['no version', 'apiVersion', {}, { apiVersion: undefined }],
  ['a version that there is not', 'apiVersion', {}, { apiVersion: '2024-02-30' }],
  ['another type of resource', 'type', {}, { type: 'Microsoft.Compute/images' }],
  ['two identities', 'identity.userAssignedIdentities', {}, assigned(IDENTITY_ID, `${IDENTITY_ID}2`)],
  ['an identity by its name', 'identity.userAssignedIdentities', {}, assigned('builder')],
  ['an identity that is none', 'identity.type', {}, { identity: { ...assigned(IDENTITY_ID).identity, type: 'None' } }],
];

/** What versions before it do not have. */
export const EARLIER: readonly (readonly [version: ApiVersion, ...Broken])[] = [
  ['2024-02-01', 'a later property', 'properties.additionalDataDisks', { additionalDataDisks: [{ sizeGB: 1 }] }],
  [
    '2024-02-01',
    'a later mode',
    'properties.distribute[0].replicationMode',
    gallery({ ...regions, replicationMode: 'Full' }),
  ],
  ['2022-02-14', 'regions of the newer form only', 'properties.distribute[0].replicationRegions', gallery(regions)],
  [
    '2022-02-14',
    'later storage',
    'properties.distribute[0].storageAccountType',
    gallery({ replicationRegions: ['eastus'], storageAccountType: 'Premium_LRS' }),
  ],
  [
    '2022-02-14',
    'the latest version',
    'properties.source.imageVersionId',
    { source: { type: 'SharedImageVersion', imageVersionId: `${DEFINITION_ID}/versions/Latest` } },
  ],
  [
    '2022-02-14',
    'a later validator',
    'properties.validate.inVMValidations[0].type',
    { validate: { inVMValidations: [{ type: 'File', sourceUri: 'a', destination: '/a' }] } },
  ],
  ['2019-02-01-preview', 'a later step', 'properties.customize[0].type', step({ type: 'WindowsUpdate' })],
  [
    '2019-02-01-preview',
    'a dot in a name',
    'properties.distribute[0].runOutputName',
    { distribute: [{ type: 'VHD', runOutputName: 'a.b' }] },
  ],
  [
    '2019-02-01-preview',
    'a later name of the script',
    'properties.customize[0].script',
    step({ type: 'Shell', scriptUri: 'a' }),
  ],
  [
    '2019-02-01-preview',
    'both of them by the older name',
    'properties.customize[0].inline',
    step({ ...shell, script: 'a' }),
  ],
  ['2018-02-01-preview', 'a later step', 'properties.customize[0].type', step({ type: 'PowerShell', script: 'a' })],
];
