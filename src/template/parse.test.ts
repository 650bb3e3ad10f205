import { describe, expect, it } from 'vitest';
import { DEFINITION_ID, example, IDENTITY_ID, IMAGE_ID, SHA, text } from './example.fixture.ts';
import { failure, model, problems, warnings } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';

describe('the forms of a file', () => {
  it('reads a resource and fills in defaults', () => {
    expect(model(example())).toEqual({
      apiVersion: '2024-02-01',
      name: 'web',
      location: 'westus2',
      tags: {},
      identities: [],
      source: { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
      customize: [{ type: 'Shell', name: 'greet', inline: ['echo hello'], sha256Checksum: '' }],
      validate: { continueDistributeOnFailure: false, sourceValidationOnly: false, inVMValidations: [] },
      distribute: [{ type: 'VHD', runOutputName: 'disk', artifactTags: {}, uri: '' }],
      vmProfile: {
        vmSize: '',
        osDiskSizeGB: 0,
        userAssignedIdentities: [],
        vnetConfig: { subnetId: '', containerInstanceSubnetId: '', proxyVmSize: '' },
      },
      optimize: { vmBoot: undefined, workload: { state: undefined, scriptUri: '', sha256Checksum: '' } },
      additionalDataDisks: [],
      autoRun: undefined,
      managedResourceTags: {},
      stagingResourceGroup: '',
      buildTimeoutMinutes: 240,
      errorHandling: { onCustomizerError: 'cleanup', onValidationError: 'cleanup' },
    });
    expect(warnings(example())).toEqual([]);
  });

  it('reads a resource without a type, with comments, with a byte order mark', () => {
    const { type, ...bare } = example({}, { dependsOn: ['x'], tags: { team: 'a' }, location: 'West US 2' });
    const read = parseTemplate(`\uFEFF// mine\n${text({ ...bare, name: 'x.y_z-1' })} /* end */`).template;
    expect(type).toBeDefined();
    expect([read.name, read.location, read.tags]).toEqual(['x.y_z-1', 'westus2', { team: 'a' }]);
  });

  it('reads the one image template of a deployment template, with resources as an array or by name', () => {
    const gallery = { type: 'Microsoft.Compute/galleries', name: 'main' };
    const $schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
    const inline = { type: 'Shell', inline: ['[[ -f /etc/os-release ]'] };
    const file = { $schema, resources: [gallery, example({ customize: [inline] })] };
    expect(model(file).customize[0]).toMatchObject({ inline: ['[ -f /etc/os-release ]'] });
    expect(warnings(file)).toEqual(['IgnoredResource resources[0]']);
    expect(model({ $schema, resources: { image: example() } }).location).toBe('westus2');
    expect(problems({ $schema, resources: [gallery] })).toEqual(['BadValue resources']);
    expect(problems({ $schema, resources: [example(), example()] })).toEqual(['BadValue resources']);
    const misspelt = example({ customize: 1 }, { type: 'Microsoft.VirtualMachineImages/imageTemplate' });
    expect(problems({ $schema, resources: [misspelt] })).toEqual(['BadValue type', 'BadValue properties.customize']);
  });

  it('names expressions and placeholders, and says which', () => {
    const vhd = {
      type: 'ManagedImage',
      runOutputName: 'o',
      location: '<region>',
      imageId: IMAGE_ID.replace('s', '<subscriptionID>'),
    };
    const bad = example({ distribute: [vhd] }, { location: "[parameters('where')]" });
    const error = failure(text(bad));
    expect(error.details.map(one => [one.code, one.target])).toEqual([
      ['UnresolvedExpression', 'location'],
      ['Placeholder', 'properties.distribute[0].location'],
      ['Placeholder', 'properties.distribute[0].imageId'],
    ]);
    expect(error.details[2]?.message).toContain('`<subscriptionID>`');
    expect(
      problems(example({}, { identity: { type: 'UserAssigned', userAssignedIdentities: { '<id>': {} } } })),
    ).toContain('Placeholder identity.userAssignedIdentities["<id>"]');
  });

  it('leaves angle brackets and shell tests in commands alone', () => {
    const inline = ['[ -d /srv ]', 'cat <<EOF > /tmp/x', 'echo "<html>"', '[[ -f /x ]]'];
    expect(model(example({ customize: [{ type: 'Shell', inline }] })).customize[0]).toMatchObject({ inline });
  });

  it('refuses what is not an image template', () => {
    expect(problems([])).toEqual(['BadValue ']);
    expect(problems(example({ customize: 1 }, { type: 'Microsoft.Compute/images' }))).toEqual([
      'BadValue type',
      'BadValue properties.customize',
    ]);
    expect(failure('').details).toMatchObject([{ code: 'SyntaxError', line: 1, column: 1 }]);
    expect(failure('{\n  "a": 1,\n  "b" 2\n}').details[0]).toMatchObject({ code: 'SyntaxError', line: 3, column: 7 });
    expect(failure('['.repeat(100_000)).details[0]?.message).toContain('nested too deeply');
  });

  it('takes the provider alone for the type, as samples have it', () => {
    const value = example({}, { type: 'Microsoft.VirtualMachineImages' });
    expect(warnings(value)).toEqual(['IncompleteType type']);
  });

  it('reports a name that is given twice', () => {
    expect(failure('{"apiVersion":"2024-02-01","location":"a","location":"b"}').details).toContainEqual(
      expect.objectContaining({ code: 'DuplicateField', target: 'location', column: 43 }),
    );
  });
});

describe('API versions', () => {
  it('names all of them for any other, and judges the rest by the newest', () => {
    const other = failure(text(example({ additionalDataDisks: [{ sizeGB: -1 }] }, { apiVersion: '2024-02-10' })));
    expect(other.details).toMatchObject([
      { code: 'UnsupportedApiVersion', target: 'apiVersion', line: 3 },
      { code: 'BadValue', target: 'properties.additionalDataDisks[0].sizeGB' },
    ]);
    expect(other.message).toContain('`2024-02-01` or `2025-10-01`');
    expect(other.message).toContain('Did you mean `2024-02-01`?');
    expect(problems(example({}, { apiVersion: 5 }))).toEqual(['UnsupportedApiVersion apiVersion']);
    expect(problems(example({ x: 1 }, { apiVersion: null }))).toEqual([
      'MissingField apiVersion',
      'UnknownField properties.x',
    ]);
  });

  it('takes the version that is given for a template without one', () => {
    const value = example({ errorHandling: {} }, { apiVersion: undefined });
    const { template, warnings: found } = parseTemplate(text(value), { defaultVersion: '2022-07-01' });
    expect(template.apiVersion).toBe('2022-07-01');
    expect(found.map(one => [one.code, one.target])).toEqual([
      ['MissingApiVersion', ''],
      ['UnknownField', 'properties.errorHandling'],
    ]);
  });

  it('ignores the case of names and warns of unknown ones below 2024-02-01', () => {
    const apiVersion = '2023-07-01';
    const target = { Type: 'VHD', runoutputname: 'disk', aritfactTags: {} };
    const value = example(
      { Distribute: [target], distribute: undefined, vmprofile: { proxyVmSize: 'x' } },
      { apiVersion },
    );
    expect(model(value).distribute[0]).toMatchObject({ type: 'VHD', runOutputName: 'disk' });
    const found = parseTemplate(text(value)).warnings;
    expect(found.map(one => one.target)).toEqual([
      'properties.distribute[0].aritfactTags',
      'properties.vmProfile.proxyVmSize',
    ]);
    expect(found[0]?.message).toContain('Did you mean `artifactTags`?');
  });

  it('shows the misspelt name beside what is missing because of it', () => {
    const error = failure(text(example({ distribute: undefined, distribut: [] }, { apiVersion: '2022-07-01' })));
    expect(error.details.map(one => [one.severity ?? 'error', one.code, one.target])).toEqual([
      ['error', 'MissingField', 'properties.distribute'],
      ['warning', 'UnknownField', 'properties.distribut'],
    ]);
    expect(error.message).not.toContain('more');
  });

  it('refuses unknown names and other case from 2024-02-01 on, in the words of the service', () => {
    const error = failure(text(example({ optimize: { vmboot: { state: 'Disabled' } } })));
    expect(error.details).toMatchObject([{ code: 'UnknownField', target: 'properties.optimize.vmboot' }]);
    expect(error.message).toMatch(
      /^Unmarshalling entity encountered error: unmarshalling type \*v2024_02_01\.ImageTemplate: struct field Properties: unknown field "vmboot"\. /,
    );
    expect(error.message).toContain('Did you mean `vmBoot`?');
  });

  it('treats a name of a later version as unknown and says from when it exists', () => {
    const { warnings: found } = parseTemplate(text(example({ errorHandling: {} }, { apiVersion: '2022-07-01' })));
    expect(found).toMatchObject([{ code: 'UnknownField', target: 'properties.errorHandling' }]);
    expect(found[0]?.message).toContain('2023-07-01');
    const file = { type: 'File', sourceUri: 'a', destination: '/tmp/a' };
    expect(problems(example({ validate: { inVMValidations: [file] } }, { apiVersion: '2022-02-14' }))).toEqual([
      'BadValidatorType properties.validate.inVMValidations[0].type',
    ]);
  });

  it('compares the values of `type` with their case in every version', () => {
    const distribute = [{ type: 'sharedImage', galleryImageId: DEFINITION_ID, runOutputName: 'x' }];
    const error = failure(text(example({ distribute }, { apiVersion: '2022-07-01' })));
    expect(error.message).toContain("'ImageTemplate.properties': Field 'distribute[0].type' has a bad value: ''.");
    expect(error.message).toContain('Did you mean `SharedImage`?');
  });
});

describe('properties', () => {
  it('reads all that the newest version has', () => {
    const subnet = (name: string) =>
      `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/${name}`;
    const every = {
      optimize: {
        vmBoot: { state: 'Enabled' },
        workload: { state: 'Enabled', scriptUri: 'w.sh', sha256Checksum: SHA },
      },
      autoRun: { state: 'Enabled' },
      additionalDataDisks: [{ sizeGB: 4 }, {}],
      managedResourceTags: { a: '' },
      stagingResourceGroup: '/subscriptions/s/resourceGroups/g',
      vmProfile: {
        userAssignedIdentities: [IDENTITY_ID],
        vnetConfig: { subnetId: subnet('a'), containerInstanceSubnetId: subnet('b') },
      },
    };
    expect(model(example(every, { apiVersion: '2025-10-01' }))).toMatchObject({
      ...every,
      optimize: { ...every.optimize, vmBoot: 'Enabled' },
      autoRun: 'Enabled',
      additionalDataDisks: [{ sizeGB: 4 }, { sizeGB: 0 }],
    });
    const plan = { planName: 'p', planProduct: 'q', planPublisher: 'r' };
    const source = { type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c', version: 'd', planInfo: plan };
    expect(model(example({ source })).source).toEqual(source);
  });

  it('takes what is empty or `null` for what is absent', () => {
    const empty = {
      optimize: { vmBoot: { state: '' }, workload: null },
      autoRun: {},
      managedResourceTags: {},
      stagingResourceGroup: '',
      vmProfile: {
        vmSize: '',
        osDiskSizeGB: 0,
        userAssignedIdentities: [],
        vnetConfig: { subnetId: '', proxyVmSize: null },
      },
      errorHandling: { onCustomizerError: '', onValidationError: null },
      validate: null,
      distribute: [{ type: 'VHD', runOutputName: 'disk', uri: '', artifactTags: null }],
    };
    const newest = { apiVersion: '2025-10-01' };
    expect(model(example(empty, newest))).toEqual(model(example({}, newest)));
    expect(warnings(example(empty, newest))).toEqual([]);
  });

  it('warns of what the service fills in', () => {
    expect(warnings(example({ provisioningState: 'Succeeded' }, { id: '/x' }))).toEqual([
      'ReadOnlyField properties.provisioningState',
      'ReadOnlyField id',
    ]);
  });
});

describe('the rest of the resource', () => {
  it('speaks of a missing or bad field as the service does', () => {
    const image = example({ source: { type: 'ManagedImage', imageId: '/images/x' } });
    expect(failure(text(image)).message).toMatch(
      /^Validation failed: 'ImageTemplate\.properties\.source': Field 'imageId' has a bad value: '\/images\/x'\. /,
    );
    const target = example({ distribute: [{ type: 'VHD' }] });
    expect(failure(text(target)).message).toMatch(
      /^Validation failed: 'ImageTemplate\.properties\.distribute\[0\]': Missing field 'runOutputName'\. /,
    );
    expect(failure(text(example({ source: undefined }))).message).toMatch(
      /^Validation failed: 'ImageTemplate\.properties': Missing field 'source'\. /,
    );
    expect(problems(example({}, { properties: undefined, location: undefined }))).toEqual([
      'MissingField location',
      'MissingField properties',
    ]);
  });

  it('points at the line and column', () => {
    const error = failure('{\n  "apiVersion": "2024-02-01",\n  "location": 5,\n  "properties": {}\n}');
    expect(error.details[0]).toMatchObject({ target: 'location', line: 3, column: 15 });
    expect(error.exit).toBe(2);
  });

  it.each([
    [0, 240],
    [6, 6],
    [960, 960],
  ])('takes %i for a time limit of %i minutes', (given, minutes) => {
    expect(model(example({ buildTimeoutInMinutes: given })).buildTimeoutMinutes).toBe(minutes);
  });

  it.each([1, 5, 961, -1, 7.5, '60'])('refuses %s for a time limit', given => {
    expect(problems(example({ buildTimeoutInMinutes: given }))).toEqual(['BadValue properties.buildTimeoutInMinutes']);
  });

  it('understands `latest` of a gallery image from 2022-07-01 on', () => {
    const source = { type: 'SharedImageVersion', imageVersionId: `${DEFINITION_ID}/versions/latest` };
    expect(model(example({ source }, { apiVersion: '2022-07-01' })).source).toEqual(source);
    expect(problems(example({ source }, { apiVersion: '2022-02-14' }))).toEqual([
      'BadSharedImageVersionSource properties.source.imageVersionId',
    ]);
    const definition = { type: 'SharedImageVersion', imageVersionId: DEFINITION_ID };
    expect(problems(example({ source: definition }))).toEqual([
      'BadSharedImageVersionSource properties.source.imageVersionId',
    ]);
  });

  it('keeps one identity, and warns where there is none', () => {
    const identity = (ids: object, type = 'UserAssigned') =>
      example({}, { identity: { type, userAssignedIdentities: ids } });
    expect(model(identity({ [IDENTITY_ID]: {} })).identities).toEqual([IDENTITY_ID]);
    expect(problems(identity({ [IDENTITY_ID]: {}, [`${IDENTITY_ID}2`]: {} }))).toEqual([
      'BadValue identity.userAssignedIdentities',
    ]);
    expect(problems(identity({ builder: {} }))).toEqual(['BadValue identity.userAssignedIdentities']);
    expect(problems(identity({}, 'SystemAssigned'))).toEqual(['BadValue identity.type']);
    expect(problems(identity({ [IDENTITY_ID]: {} }, 'None'))).toEqual(['BadValue identity.type']);
    expect(warnings(example({}, { identity: undefined }))).toEqual(['MissingIdentity identity']);
  });
});
