import { describe, expect, it } from 'vitest';
import { DEFINITION_ID, example, SHA, text } from './example.fixture.ts';
import { failure, model, problems, warnings } from './outcome.fixture.ts';

describe('steps', () => {
  const step = (one: unknown) => example({ customize: [one] });

  it('asks for either a script or commands', () => {
    expect(problems(step({ type: 'Shell' }))).toEqual(['NoCustomizerScript properties.customize[0].scriptUri']);
    expect(problems(step({ type: 'Shell', scriptUri: 'a.sh', inline: ['b'] }))).toEqual([
      'BadValue properties.customize[0].inline',
    ]);
    expect(model(step({ type: 'Shell', scriptUri: 'a.sh', inline: [] })).customize[0]).toEqual({
      type: 'Shell',
      name: '',
      scriptUri: 'a.sh',
      sha256Checksum: '',
    });
  });

  it('shows the array form to those who wrote one string', () => {
    const error = failure(text(step({ type: 'Shell', inline: 'apt-get update' })));
    expect(error.details[0]?.message).toBe(
      '`inline` must be an array of strings, e.g. `"inline": ["apt-get update"]`.',
    );
    expect(failure(text(example({ customize: 'Shell' }))).details[0]?.message).toBe(
      '`customize` must be an array, not `"Shell"`.',
    );
    expect(problems(step({ type: 'Shell', inline: ['a', 5] }))).toEqual(['BadValue properties.customize[0].inline[1]']);
  });

  it('checks checksums and URIs, and finds everything at once', () => {
    expect(
      model(step({ type: 'Shell', scriptUri: 'x', sha256Checksum: SHA.toUpperCase() })).customize[0],
    ).toMatchObject({
      sha256Checksum: SHA,
    });
    expect(problems(step({ type: 'Shell', sha256Checksum: 'abc' }))).toEqual([
      'NoCustomizerScript properties.customize[0].scriptUri',
      'BadValue properties.customize[0].sha256Checksum',
    ]);
    expect(problems(step({ type: 'File', sourceUri: 'https://exa mple/', destination: 'etc/x' }))).toEqual([
      'BadValue properties.customize[0].sourceUri',
      'BadValue properties.customize[0].destination',
    ]);
    expect(problems(step({ type: 'File' }))).toEqual([
      'MissingField properties.customize[0].sourceUri',
      'MissingField properties.customize[0].destination',
    ]);
  });

  it('names the known types for an unknown or missing one', () => {
    expect(failure(text(step({ type: 'Shel' }))).message).toContain('Did you mean `Shell`?');
    expect(problems(step({ inline: ['a'] }))).toEqual(['BadCustomizerType properties.customize[0].type']);
    expect(problems(step('Shell'))).toEqual(['BadValue properties.customize[0]']);
  });

  it('warns of files outside of /tmp and of checksums that check nothing', () => {
    const customize = [
      { type: 'File', sourceUri: 'a', destination: '/tmp/../etc/a' },
      { type: 'File', sourceUri: 'a', destination: '/tmp/a' },
      { type: 'Shell', inline: ['a'], sha256Checksum: SHA },
    ];
    expect(warnings(example({ customize }))).toEqual([
      'DestinationOutsideTmp properties.customize[0].destination',
      'NoEffect properties.customize[2].sha256Checksum',
    ]);
  });
});

describe('targets', () => {
  const target = (one: object, apiVersion = '2024-02-01') => example({ distribute: [one] }, { apiVersion });
  const shared = { type: 'SharedImage', runOutputName: 'o', galleryImageId: DEFINITION_ID };

  it('brings both forms of regions into one', () => {
    const older = target({ ...shared, replicationRegions: ['East US'], storageAccountType: 'Premium_LRS' });
    expect(model(older).distribute[0]).toMatchObject({
      targetRegions: [{ name: 'eastus', replicaCount: 1, storageAccountType: 'Premium_LRS' }],
      versioning: { scheme: 'Latest', major: -1 },
    });
    const newer = target({
      ...shared,
      targetRegions: [{ name: 'EastUS', replicaCount: 2 }],
      versioning: { scheme: 'Source' },
    });
    expect(model(newer).distribute[0]).toMatchObject({
      targetRegions: [{ name: 'eastus', replicaCount: 2, storageAccountType: 'Standard_LRS' }],
      versioning: { scheme: 'Source' },
    });
    expect(model(target(shared)).distribute[0]).toMatchObject({ targetRegions: [{ name: 'westus2' }] });
  });

  it('refuses regions that contradict each other or the version', () => {
    const regions = { targetRegions: [{ name: 'eastus' }, { name: 'East US' }], replicationRegions: ['westus'] };
    expect(problems(target({ ...shared, ...regions, storageAccountType: 'Standard_LRS' }))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].targetRegions',
      'BadSharedImageDistribute properties.distribute[0].replicationRegions',
      'BadSharedImageDistribute properties.distribute[0].storageAccountType',
    ]);
    expect(problems(target({ ...shared, targetRegions: [{ name: 'eastus', replicaCount: 0 }] }))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].targetRegions[0].replicaCount',
    ]);
    expect(problems(target(shared, '2022-02-14'))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].replicationRegions',
    ]);
    expect(
      problems(target({ ...shared, replicationRegions: ['eastus'], storageAccountType: 'Premium_LRS' }, '2022-02-14')),
    ).toEqual(['BadSharedImageDistribute properties.distribute[0].storageAccountType']);
    expect(problems(target({ ...shared, versioning: { scheme: 'Source', major: 1 } }))).toEqual([
      'BadSharedImageDistribute properties.distribute[0].versioning.major',
    ]);
  });

  it('wants unique names and at least one target', () => {
    const vhd = (runOutputName: string) => ({ type: 'VHD', runOutputName });
    expect(problems(example({ distribute: [vhd('a'), vhd('A')] }))).toEqual([
      'BadValue properties.distribute[1].runOutputName',
    ]);
    expect(problems(example({ distribute: [vhd('a b')] }))).toEqual([
      'BadValue properties.distribute[0].runOutputName',
    ]);
    expect(problems(example({ distribute: [] }))).toEqual(['BadValue properties.distribute']);
    const only = { distribute: [], customize: [], validate: { sourceValidationOnly: true } };
    expect(model(example(only)).distribute).toEqual([]);
  });
});
