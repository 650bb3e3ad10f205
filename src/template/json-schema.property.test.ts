import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { DEFINITION_ID, IDENTITY_ID, IMAGE_ID } from './example.fixture.ts';
import { inVersion } from './in-version.ts';
import { refusals } from './json-schema.fixture.ts';
import { API_VERSIONS, type ApiVersion } from './model.ts';
import { isObject } from './names.ts';
import { parseTemplate } from './parse.ts';
import { renderTemplate } from './render.ts';
import { anyTemplate } from './template.arbitrary.fixture.ts';
import { isAtLeast } from './versions.ts';

function isAccepted(resource: unknown): boolean {
  try {
    parseTemplate(JSON.stringify(resource), { knownRegions: ['local'] });
    return true;
  } catch (error) {
    if (error instanceof KilnError) return false;
    throw error;
  }
}

const subnet = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n';

/** Everything that the newest version can say, in the names of a version and without what it lacks. */
function full(apiVersion: ApiVersion): object {
  const script = isAtLeast(apiVersion, '2019-02-01-preview') ? { inline: ['a'] } : { scriptUri: 'a' };
  const regions = isAtLeast(apiVersion, '2022-07-01')
    ? { targetRegions: [{ name: 'eastus', replicaCount: 1, storageAccountType: 'Standard_ZRS' }] }
    : { replicationRegions: ['eastus'], storageAccountType: 'Standard_LRS' };
  const { value } = inVersion(apiVersion, {
    ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion, name: 'a', location: 'eastus' },
    ...{ tags: { a: 'b' }, identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY_ID]: {} } } },
    properties: {
      source: {
        ...{ type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c', version: 'latest' },
        planInfo: { planName: 'a', planProduct: 'b', planPublisher: 'c' },
      },
      customize: [
        { type: 'Shell', name: 'a', sha256Checksum: 'ab'.repeat(32), ...script },
        { type: 'File', sourceUri: 'a', destination: '/tmp/a' },
        { type: 'PowerShell', scriptUri: 'a', runElevated: true, runAsSystem: true, validExitCodes: [0, 3010] },
        { type: 'WindowsRestart', restartTimeout: '5m', restartCommand: 'a', restartCheckCommand: 'b' },
        { type: 'WindowsUpdate', filters: ['include:$true'], searchCriteria: 'a', updateLimit: 1 },
      ],
      validate: { inVMValidations: [{ type: 'Shell', scriptUri: 'x' }], sourceValidationOnly: false },
      distribute: [
        {
          type: 'VHD',
          runOutputName: 'a',
          uri: 'https://images.blob.core.windows.net/vhds/c.vhd',
          artifactTags: { a: 'b' },
        },
        { type: 'ManagedImage', runOutputName: 'b', imageId: IMAGE_ID, location: 'East US' },
        {
          ...{ type: 'SharedImage', runOutputName: 'c', galleryImageId: DEFINITION_ID, ...regions },
          ...{ versioning: { scheme: 'Latest', major: 1 }, replicationMode: 'Shallow', excludeFromLatest: true },
        },
      ],
      vmProfile: {
        ...{ vmSize: 'Standard_D2s_v3', osDiskSizeGB: 30, userAssignedIdentities: [IDENTITY_ID] },
        vnetConfig: { subnetId: subnet, proxyVmSize: 'a' },
      },
      errorHandling: { onCustomizerError: 'abort' },
      optimize: { vmBoot: { state: 'Enabled' }, workload: { state: 'Enabled', scriptUri: 'a', sha256Checksum: '' } },
      additionalDataDisks: [{ sizeGB: 1 }],
      autoRun: { state: 'Enabled' },
      managedResourceTags: { a: 'b' },
      stagingResourceGroup: '/subscriptions/s/resourceGroups/g',
      buildTimeoutInMinutes: 60,
    },
  });
  return value;
}

/** Every place of a value that can be replaced. */
function places(value: unknown, path: string[] = []): string[][] {
  const inner = value === null || typeof value !== 'object' ? [] : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]) => places(one, [...path, key]))];
}

/** The value with another in a place; `undefined` takes away what was there. */
function replaced(value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === first ? replaced(one, rest, by) : one));
  return isObject(value) ? { ...value, [first]: replaced(value[first], rest, by) } : value;
}

const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '',
    ' a',
    'a.b',
    'a b',
    '5',
    '1h',
    '0s',
    '/tmp/',
    'c:\\a',
    'https://a/b',
    'HTTPS://A.example/b/',
    'Enabled',
  ),
  fc.constantFrom('Shell', 'VHD', 'SharedImage', 'West US 2', 'latest', 'Latest', 'abort', 'None', IMAGE_ID, subnet),
  fc.constantFrom(`${DEFINITION_ID}/versions/latest`, IDENTITY_ID.toUpperCase(), 'AB'.repeat(32), '\u00e9', '..'),
);
const scalar = fc.oneof(text, fc.boolean(), fc.constantFrom(undefined, 0, -1, 1, 5, 6, 960, 961, 4096, 0.5, 1e10));
const replacement = fc.oneof(
  { weight: 4, arbitrary: scalar },
  {
    weight: 1,
    arbitrary: fc.array(
      scalar.filter(one => one !== undefined),
      { maxLength: 3 },
    ),
  },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'type', 'name', IDENTITY_ID), scalar, { maxKeys: 2 }) },
);

describe('the JSON Schema', { timeout: 30_000 }, () => {
  it.each(API_VERSIONS)('accepts in %s any template that the version can say', version => {
    let accepted = 0;
    fc.assert(
      fc.property(anyTemplate, template => {
        const { resource } = renderTemplate(template, version);
        // Something required may be among what the version cannot say.
        if (!isAccepted(resource)) return;
        accepted++;
        expect(refusals(resource)).toEqual([]);
      }),
      // Of what the oldest versions cannot say there is most.
      { numRuns: isAtLeast(version, '2020-02-14') ? 60 : 200 },
    );
    expect(accepted).toBeGreaterThan(3);
  });

  it.each(API_VERSIONS)('refuses in %s nothing that the check accepts, and most of what it refuses', version => {
    const base = full(version);
    expect([isAccepted(base), refusals(base)]).toEqual([true, []]);
    const seen = { both: 0, checkOnly: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...places(base)), replacement, (path, by) => {
        const value: unknown = JSON.parse(JSON.stringify(replaced(base, path, by) ?? {}));
        const refused = refusals(value);
        // The differences: an empty choice, an identity or a version that is left out, a type in another case.
        const stricter =
          by === '' ||
          /^(apiVersion|identity)$/.test(path.join('.')) ||
          (version === '2018-02-01-preview' && path.at(-1) === 'type');
        if (isAccepted(value)) expect(stricter ? [] : refused).toEqual([]);
        else if (refused.length > 0) seen.both++;
        else seen.checkOnly++;
      }),
      { numRuns: 150 },
    );
    expect(seen.both).toBeGreaterThan(10 * seen.checkOnly);
  });
});
