import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { DEFINITION_ID, example, IDENTITY_ID, IMAGE_ID, text } from './example.fixture.ts';
import { API_VERSIONS } from './model.ts';
import { parseTemplate } from './parse.ts';
import { isAtLeast, isStrict } from './versions.ts';

/** The template, or the error that a user would see; any other error is a defect and fails the test. */
function attempt(json: string) {
  try {
    return parseTemplate(json);
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
}

const version = fc.constantFrom(...API_VERSIONS);
const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'type', 'Type', 'inline', 'toString'));
const json = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1, 1e308, '', 'Shell', 'VHD', '[x()]', '<a>', '/subscriptions/{a}'),
    fc.string(),
    fc.array(tie('value')),
    fc.dictionary(name, tie('value')),
  ),
})).value;

/** Every place of a value that can be replaced. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const inner = value === null || typeof value !== 'object' ? [] : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]) => places(one, [...path, Array.isArray(value) ? Number(key) : key]))];
}

function replaced(value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((one, i) => (i === first ? replaced(one, rest, by) : one));
  const object = value as Record<string, unknown>;
  return { ...object, [first]: replaced(object[first], rest, by) };
}

describe('any input', () => {
  it('ends in a template or in an error for users, whatever the text', () => {
    fc.assert(fc.property(fc.string(), input => void attempt(input)));
    fc.assert(fc.property(fc.oneof(fc.json(), json.map(text)), input => void attempt(input)));
  });

  it('does so whatever stands in any place of a good template', () => {
    const subnet = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n';
    const full = example({
      customize: [
        { type: 'Shell', name: 'a', inline: ['b'], sha256Checksum: '' },
        { type: 'File', sourceUri: 'a', destination: '/tmp/a' },
        { type: 'PowerShell', scriptUri: 'a', runElevated: true, runAsSystem: true, validExitCodes: [0] },
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
        { type: 'ManagedImage', runOutputName: 'b', imageId: IMAGE_ID, location: 'eastus' },
        {
          type: 'SharedImage',
          runOutputName: 'c',
          galleryImageId: DEFINITION_ID,
          targetRegions: [{ name: 'eastus', replicaCount: 1, storageAccountType: 'Premium_LRS' }],
          versioning: { scheme: 'Latest', major: 1 },
          replicationMode: 'Shallow',
          excludeFromLatest: true,
        },
      ],
      vmProfile: {
        vmSize: '',
        osDiskSizeGB: 0,
        userAssignedIdentities: [IDENTITY_ID],
        vnetConfig: { subnetId: subnet, proxyVmSize: 'a' },
      },
      errorHandling: { onCustomizerError: 'abort' },
      optimize: { vmBoot: { state: 'Enabled' }, workload: { state: 'Enabled', scriptUri: 'a', sha256Checksum: '' } },
      additionalDataDisks: [{ sizeGB: 1 }],
      autoRun: { state: 'Enabled' },
      managedResourceTags: { a: 'b' },
      stagingResourceGroup: '/subscriptions/s/resourceGroups/g',
      buildTimeoutInMinutes: 60,
    });
    expect(attempt(text({ ...full, apiVersion: '2025-10-01' }))).not.toBeInstanceOf(KilnError);
    const at = fc.constantFrom(...places(full));
    fc.assert(
      fc.property(at, json, version, (path, value, apiVersion) => {
        const changed = replaced({ ...full, apiVersion }, path, value);
        const outcome = attempt(text(changed));
        if (!(outcome instanceof KilnError)) return;
        expect(outcome.details.length).toBeGreaterThan(0);
        for (const one of outcome.details)
          expect([one.target, one.line, one.column]).toEqual([
            expect.any(String),
            expect.any(Number),
            expect.any(Number),
          ]);
      }),
      { numRuns: 600 },
    );
  });

  it('says something about every name that no version defines', () => {
    const unknown = fc.string({ minLength: 1 }).filter(word => !(word.toLowerCase() in KNOWN) && !word.includes('<'));
    fc.assert(
      fc.property(unknown, version, (word, apiVersion) => {
        const value = example({ [word]: 'x' }, { apiVersion });
        const outcome = attempt(text(value));
        const said = outcome instanceof KilnError ? outcome.details : outcome.warnings;
        expect(said.map(one => one.code)).toContain('UnknownField');
        expect(said.find(one => one.code === 'UnknownField')?.severity).toBe(
          isStrict(apiVersion) ? undefined : 'warning',
        );
      }),
    );
  });

  it('reads a name in any case below 2024-02-01', () => {
    const older = version.filter(one => !isStrict(one) && isAtLeast(one, '2019-05-01-preview'));
    const upper = fc.array(fc.boolean(), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(older, upper, (apiVersion, flags) => {
        const written = [...'runoutputname'].map((c, i) => (flags[i] === true ? c.toUpperCase() : c)).join('');
        const outcome = attempt(text(example({ distribute: [{ type: 'VHD', [written]: 'o' }] }, { apiVersion })));
        expect(outcome).toMatchObject({ template: { distribute: [{ runOutputName: 'o' }] }, warnings: [] });
      }),
    );
  });
});

const KNOWN: Readonly<Record<string, true>> = Object.assign(
  Object.create(null),
  Object.fromEntries(
    [
      ...['source', 'customize', 'validate', 'distribute', 'vmprofile', 'buildtimeoutinminutes', 'errorhandling'],
      ...['optimize', 'autorun', 'managedresourcetags', 'stagingresourcegroup', 'exactstagingresourcegroup'],
      ...['lastrunstatus', 'provisioningerror', 'provisioningstate', 'additionaldatadisks'],
    ].map(word => [word, true]),
  ),
);
