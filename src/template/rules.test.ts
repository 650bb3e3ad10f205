import { describe, expect, it } from 'vitest';
import { DEFINITION_ID, example, IDENTITY_ID, text } from './example.fixture.ts';
import { failure, model, problems, warnings } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';

const subnet = (name: string, network = 'v') =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/${network}/subnets/${name}`;
const step = (one: Record<string, unknown>) => ({ customize: [one] });
const network = (vnetConfig: Record<string, unknown>) => ({ vmProfile: { vnetConfig } });
const gallery = (one: Record<string, unknown>) => ({
  distribute: [{ type: 'SharedImage', runOutputName: 'o', galleryImageId: DEFINITION_ID, ...one }],
});
const vhd = (one: Record<string, unknown>) => ({ distribute: [{ type: 'VHD', runOutputName: 'o', ...one }] });

describe('rules of the newest version', () => {
  it.each([
    [
      'a system account without elevation',
      step({ type: 'PowerShell', inline: ['a'], runAsSystem: true }),
      'BadValue',
      'customize[0].runAsSystem',
    ],
    [
      'an exit code that is no number',
      step({ type: 'PowerShell', inline: ['a'], validExitCodes: ['0'] }),
      'BadValue',
      'customize[0].validExitCodes[0]',
    ],
    [
      'both a script and commands',
      step({ type: 'PowerShell', inline: ['a'], scriptUri: 'b' }),
      'BadValue',
      'customize[0].inline',
    ],
    [
      'a script of a restart',
      step({ type: 'WindowsRestart', scriptUri: 'b' }),
      'UnknownField',
      'customize[0].scriptUri',
    ],
    [
      'a time without a unit',
      step({ type: 'WindowsRestart', restartTimeout: '5' }),
      'BadValue',
      'customize[0].restartTimeout',
    ],
    [
      'a time in days',
      step({ type: 'WindowsRestart', restartTimeout: '5d' }),
      'BadValue',
      'customize[0].restartTimeout',
    ],
    [
      'no time at all',
      step({ type: 'WindowsRestart', restartTimeout: '0m' }),
      'BadValue',
      'customize[0].restartTimeout',
    ],
    [
      'a negative number of updates',
      step({ type: 'WindowsUpdate', updateLimit: -1 }),
      'BadValue',
      'customize[0].updateLimit',
    ],
    ['an empty filter', step({ type: 'WindowsUpdate', filters: [''] }), 'BadValue', 'customize[0].filters[0]'],
    [
      'a file into a directory',
      step({ type: 'File', sourceUri: 'a', destination: 'C:\\a\\' }),
      'BadValue',
      'customize[0].destination',
    ],
    [
      'a file without a destination',
      step({ type: 'File', sourceUri: 'a', destination: '' }),
      'BadValue',
      'customize[0].destination',
    ],
    ['a subnet that is none', network({ subnetId: 'default' }), 'BadValue', 'vmProfile.vnetConfig.subnetId'],
    [
      'only the container’s subnet',
      network({ containerInstanceSubnetId: subnet('b') }),
      'MissingField',
      'vmProfile.vnetConfig.subnetId',
    ],
    [
      'one subnet for both',
      network({ subnetId: subnet('a'), containerInstanceSubnetId: subnet('A') }),
      'BadValue',
      'vmProfile.vnetConfig.containerInstanceSubnetId',
    ],
    [
      'subnets of two networks',
      network({ subnetId: subnet('a'), containerInstanceSubnetId: subnet('b', 'w') }),
      'BadValue',
      'vmProfile.vnetConfig.containerInstanceSubnetId',
    ],
    [
      'a proxy beside a container',
      network({ subnetId: subnet('a'), containerInstanceSubnetId: subnet('b'), proxyVmSize: 'x' }),
      'BadValue',
      'vmProfile.vnetConfig.proxyVmSize',
    ],
    [
      'an identity of the VM that is none',
      { vmProfile: { userAssignedIdentities: [IDENTITY_ID, 'me'] } },
      'BadValue',
      'vmProfile.userAssignedIdentities[1]',
    ],
    ['a negative size', { additionalDataDisks: [{ sizeGB: -1 }] }, 'BadValue', 'additionalDataDisks[0].sizeGB'],
    ['a state that is none', { optimize: { vmBoot: { state: 'On' } } }, 'BadValue', 'optimize.vmBoot.state'],
    [
      'an optimization without a script',
      { optimize: { workload: { state: 'Enabled' } } },
      'MissingField',
      'optimize.workload.scriptUri',
    ],
    [
      'a checksum that is none',
      { optimize: { workload: { sha256Checksum: 'x' } } },
      'BadValue',
      'optimize.workload.sha256Checksum',
    ],
    ['a tag that is no string', { managedResourceTags: { a: 1 } }, 'BadValue', 'managedResourceTags.a'],
    [
      'a group’s name that ends in a dot',
      { stagingResourceGroup: '/subscriptions/s/resourceGroups/g.' },
      'BadStagingResourceGroup',
      'stagingResourceGroup',
    ],
    ...[
      'http://images.blob.core.windows.net/vhds/web.vhd',
      'https://images.blob.core.windows.net/',
      'https://images.blob.core.windows.net/vhds',
      'https://images.blob.core.windows.net/vhds/',
      'https://images.blob.core.windows.net/VHDS/web.vhd',
      'https://images.blob.core.windows.net/vhds/../web.vhd',
      'https://images.blob.core.windows.net/vhds/web.vhd?sig=secret',
      'https://images.example/vhds/web.vhd',
      'https://im.blob.core.windows.net/vhds/web.vhd',
    ].map((uri): [string, Record<string, unknown>, string, string] => [
      `a VHD that goes to ${uri}`,
      vhd({ uri }),
      'BadValue',
      'distribute[0].uri',
    ]),
    ['a VHD at a relative place', vhd({ uri: 'vhds/a.vhd' }), 'BadValue', 'distribute[0].uri'],
    [
      'a mode that is none',
      gallery({ replicationMode: 'full' }),
      'BadSharedImageDistribute',
      'distribute[0].replicationMode',
    ],
    [
      'storage without older regions',
      gallery({ storageAccountType: 'Standard_LRS' }),
      'BadSharedImageDistribute',
      'distribute[0].storageAccountType',
    ],
    [
      'a major number below -1',
      gallery({ versioning: { scheme: 'Latest', major: -2 } }),
      'BadSharedImageDistribute',
      'distribute[0].versioning.major',
    ],
    [
      'a scheme that is missing',
      gallery({ versioning: { major: 1 } }),
      'BadSharedImageDistribute',
      'distribute[0].versioning.scheme',
    ],
    [
      'a region that is none',
      gallery({ targetRegions: [{ name: 'East US3' }] }),
      'BadSharedImageDistribute',
      'distribute[0].targetRegions[0].name',
    ],
    [
      'an older region that is none',
      gallery({ replicationRegions: ['nowhere'] }),
      'BadSharedImageDistribute',
      'distribute[0].replicationRegions[0]',
    ],
  ])('%s is refused', (_, properties, code, path) => {
    expect(problems(example(properties, { apiVersion: '2025-10-01' }))).toEqual([`${code} properties.${path}`]);
  });

  it('what changes nothing is accepted with a warning', () => {
    const value = example(
      {
        optimize: { workload: { scriptUri: 'a.sh' } },
        vmProfile: { vnetConfig: { proxyVmSize: 'Standard_A1_v2' } },
        customize: [{ type: 'WindowsUpdate', filters: ['include:$true', '$_.BrowseOnly', 'exclude: '] }],
      },
      { apiVersion: '2025-10-01' },
    );
    expect(warnings(value).sort()).toEqual([
      'FilterWithoutVerb properties.customize[0].filters[1]',
      'FilterWithoutVerb properties.customize[0].filters[2]',
      'NoEffect properties.optimize.workload.scriptUri',
      'NoEffect properties.vmProfile.vnetConfig.proxyVmSize',
    ]);
  });

  it('defaults of Windows steps are the service’s', () => {
    const customize = [
      { type: 'PowerShell', scriptUri: 'a.ps1', validExitCodes: [] },
      { type: 'WindowsRestart' },
      { type: 'WindowsUpdate', updateLimit: 0, searchCriteria: '' },
      { type: 'File', sourceUri: 'a', destination: 'c:\\any\\where.txt' },
    ];
    const value = example({ customize });
    expect(model(value).customize).toEqual([
      {
        ...{ type: 'PowerShell', name: '', scriptUri: 'a.ps1', sha256Checksum: '' },
        ...{ runElevated: false, runAsSystem: false, validExitCodes: [0] },
      },
      {
        ...{ type: 'WindowsRestart', name: '', restartCommand: 'shutdown /r /f /t 0 /c "packer restart"' },
        ...{ restartCheckCommand: '', restartTimeout: '5m' },
      },
      {
        ...{ type: 'WindowsUpdate', name: '', searchCriteria: 'BrowseOnly=0 and IsInstalled=0' },
        ...{ filters: [], updateLimit: 1000 },
      },
      { type: 'File', name: '', sourceUri: 'a', destination: 'c:\\any\\where.txt', sha256Checksum: '' },
    ]);
    expect(warnings(value)).toEqual([]);
  });
});

describe('regions', () => {
  it('are the service’s, Azure’s for images, and the site’s', () => {
    const error = failure(text(example({}, { location: 'westeurop' })));
    expect(error.message).toContain('Did you mean `westeurope`?');
    // Images go there, templates do not.
    expect(problems(example({}, { location: 'South India' }))).toEqual(['BadValue location']);
    expect(problems(example(gallery({ targetRegions: [{ name: 'South India' }, { name: 'lab' }] })))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].targetRegions[1].name',
    ]);
    const atSite = example(gallery({ targetRegions: [{ name: 'Lab' }] }), { location: 'l a b' });
    expect(parseTemplate(text(atSite), { knownRegions: ['LAB'] }).template.location).toBe('lab');
  });
});

describe('older versions', () => {
  const source = { type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c', version: '1' };
  const image = { type: 'ManagedImage', imageId: DEFINITION_ID.replace('/galleries/main', ''), location: 'westus' };
  const resource = (apiVersion: string) => ({ apiVersion, identity: undefined });

  it('have names of their own, with their own place in messages', () => {
    const oldest = {
      source: { ...source },
      customize: [{ type: 'shell', script: 'a.sh' }],
      distribute: [{ ...image, type: 'managedImage', runOutputName: 'o' }],
    };
    const value = example(oldest, resource('2018-02-01-preview'));
    expect(model(value)).toMatchObject({
      customize: [{ type: 'Shell', scriptUri: 'a.sh' }],
      distribute: [{ type: 'ManagedImage' }],
    });
    expect(warnings(value)).toEqual([]);
    const newer = example(
      { ...oldest, customize: [{ type: 'shell', scriptUri: 'a.sh' }] },
      resource('2018-02-01-preview'),
    );
    const error = failure(text(newer));
    expect(error.details.map(one => [one.code, one.target])).toEqual([
      ['NoCustomizerShellScript', 'properties.customize[0].script'],
      ['UnknownField', 'properties.customize[0].scriptUri'],
    ]);
    expect(error.details[1]?.message).toContain('In this version it is called `script`.');
    expect(error.details[1]).toMatchObject({ line: 16, column: 9 });
    const later = example({ customize: [{ type: 'Shell', script: 'a.sh' }] }, { apiVersion: '2022-02-14' });
    expect(failure(text(later)).details[1]?.message).toContain('In this version it is called `scriptUri`.');
  });

  it('refuse dots in names, and values of later versions', () => {
    const distribute = [{ ...image, runOutputName: 'a.b' }];
    const value = example(
      { source, customize: [{ type: 'WindowsUpdate' }], distribute },
      { ...resource('2019-02-01-preview'), name: 'a.b' },
    );
    expect(problems(value)).toEqual([
      'BadCustomizerType properties.customize[0].type',
      'BadValue properties.distribute[0].runOutputName',
      'BadValue name',
    ]);
    const zrs = gallery({ replicationRegions: ['eastus'], storageAccountType: 'Premium_LRS' });
    expect(problems(example(zrs, { apiVersion: '2020-02-14' }))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].storageAccountType',
    ]);
  });

  it('take updates of Windows from 2019-05-01-preview on, as published samples have them', () => {
    const early = (version: string) =>
      example(
        { source, customize: [{ type: 'WindowsUpdate' }], distribute: [{ ...image, runOutputName: 'x' }] },
        resource(version),
      );
    expect(warnings(early('2019-05-01-preview'))).toContain('NewerType properties.customize[0].type');
    expect(model(early('2019-05-01-preview')).customize).toMatchObject([{ type: 'WindowsUpdate', updateLimit: 1000 }]);
  });

  it('take a VHD target from 2018-02-01-preview on, as published samples have it', () => {
    const value = example(
      { source, customize: [], distribute: [{ type: 'VHD', runOutputName: 'x', uri: 'y' }] },
      resource('2018-02-01-preview'),
    );
    expect(warnings(value)).toEqual(
      expect.arrayContaining([
        'NewerType properties.distribute[0].type',
        // What came even later is still unknown.
        'UnknownField properties.distribute[0].uri',
      ]),
    );
    expect(model(value).distribute).toEqual([{ type: 'VHD', runOutputName: 'x', artifactTags: {}, uri: '' }]);
  });

  it('take the script of 2018 in 2019-05-01-preview, as a published sample has it, and not later', () => {
    const of = (step: object, version: string) =>
      example({ source, customize: [step], distribute: [{ ...image, runOutputName: 'x' }] }, resource(version));
    const old = of({ type: 'Shell', Script: 'a.sh' }, '2019-05-01-preview');
    expect(warnings(old)).toContain('OlderName properties.customize[0].Script');
    expect(model(old).customize).toMatchObject([{ scriptUri: 'a.sh' }]);
    // Beside the name itself it is unknown.
    const both = of({ type: 'PowerShell', script: 'a.ps1', scriptUri: 'b.ps1' }, '2019-05-01-preview');
    expect(warnings(both)).toContain('UnknownField properties.customize[0].script');
    expect(model(both).customize).toMatchObject([{ scriptUri: 'b.ps1' }]);
    expect(problems(of({ type: 'Shell', script: 'a.sh' }, '2020-02-14'))).toContain(
      'NoCustomizerScript properties.customize[0].scriptUri',
    );
  });

  it('ignore whole parts that they do not define', () => {
    const value = example(
      { validate: { inVMValidations: [{ type: 'nonesuch' }] }, vmProfile: { osDiskSizeGB: 'x', vmSize: 'a' } },
      { apiVersion: '2019-05-01-preview' },
    );
    expect(warnings(value)).toEqual([
      'UnknownField properties.validate',
      'UnknownField properties.vmProfile.osDiskSizeGB',
    ]);
    expect(model(value).validate.inVMValidations).toEqual([]);
  });
});
