import { describe, expect, it } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { checkFeatures, checkSourceSystem, checkSteps, systemByName } from './feasible.ts';
import { resolved, source, template } from './plan.fixture.ts';
import { makePlan } from './plan.ts';

const NEWEST = { apiVersion: '2025-10-01' };
const SUBNET = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/';
const IDENTITY = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/';

/** The error that something throws, which must be one for the user. */
function refusal(work: () => unknown): KilnError {
  try {
    work();
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const places = (error: KilnError) => error.details.map(one => `${one.code} ${one.target}`);

describe('checkFeatures', () => {
  it('lists every feature that there is not, with its place', () => {
    const of = template(
      {
        vmProfile: {
          userAssignedIdentities: [`${IDENTITY}a`, `${IDENTITY}b`],
          vnetConfig: { subnetId: `${SUBNET}a`, proxyVmSize: 'Standard_A1_v2' },
        },
        additionalDataDisks: [{ sizeGB: 0 }, { sizeGB: 32767 }, { sizeGB: 32768 }],
      },
      NEWEST,
    );
    const error = refusal(() => checkFeatures(of));
    expect(error).toMatchObject({ code: 'FeatureUnavailable', exit: 2 });
    expect(error.message).toContain('`vmProfile.userAssignedIdentities[0]` gives the build VM an identity');
    expect(places(error)).toEqual(
      [
        'vmProfile.userAssignedIdentities[0]',
        'vmProfile.userAssignedIdentities[1]',
        'vmProfile.vnetConfig.subnetId',
        'vmProfile.vnetConfig.proxyVmSize',
        'additionalDataDisks[0].sizeGB',
        'additionalDataDisks[2].sizeGB',
      ].map(place => `FeatureUnavailable properties.${place}`),
    );
    // It can be planned all the same.
    expect(makePlan(of, resolved(of)).steps).toHaveLength(3);
  });

  it('refuses more data disks than a machine takes', () => {
    const of = template({ additionalDataDisks: Array.from({ length: 65 }, () => ({ sizeGB: 1 })) }, NEWEST);
    expect(refusal(() => checkFeatures(of)).target).toBe('properties.additionalDataDisks');
  });

  it('has nothing against a proxy of no network', () => {
    const of = template({ vmProfile: { vnetConfig: { proxyVmSize: 'Standard_A1_v2' } } });
    expect(() => checkFeatures(of)).not.toThrow();
    expect(makePlan(of, resolved(of)).steps).toHaveLength(3);
  });
});

describe('the operating system of the source', () => {
  const windows = { ...source, os: 'Windows' as const };
  const mixed = template({
    customize: [
      { type: 'Shell', inline: ['true'] },
      { type: 'PowerShell', inline: ['dir'] },
      { type: 'WindowsRestart' },
      { type: 'File', sourceUri: 'a', destination: '/tmp/a' },
      { type: 'WindowsUpdate' },
    ],
    validate: {
      inVMValidations: [
        { type: 'PowerShell', inline: ['dir'] },
        { type: 'Shell', inline: ['true'] },
      ],
    },
  });

  it('names every step that is for Windows when the source is Linux', () => {
    const error = refusal(() => checkSteps(mixed, source));
    expect(error).toMatchObject({ code: 'UnsupportedCustomizerType', exit: 2 });
    expect(error.message).toBe(
      'A `PowerShell` customizer runs on Windows, and the source Debian:debian-12:12-gen2:12.20260101.1 is Linux.',
    );
    expect(places(error)).toEqual([
      'UnsupportedCustomizerType properties.customize[1].type',
      'UnsupportedCustomizerType properties.customize[2].type',
      'UnsupportedCustomizerType properties.customize[4].type',
      'UnsupportedValidatorType properties.validate.inVMValidations[0].type',
    ]);
    expect(makePlan(mixed, resolved(mixed)).steps).toHaveLength(mixed.customize.length);
  });

  it('names every step that is for Linux when the source is Windows, and that nothing runs there', () => {
    expect(places(refusal(() => checkSteps(mixed, windows)))).toEqual([
      'UnsupportedCustomizerType properties.customize[0].type',
      'UnsupportedValidatorType properties.validate.inVMValidations[1].type',
    ]);
    const fitting = template({ customize: [{ type: 'PowerShell', inline: ['dir'] }], validate: {} });
    expect(() => checkSteps(fitting, windows)).not.toThrow();
    expect(() => checkSourceSystem(source)).not.toThrow();
    expect(refusal(() => checkSourceSystem(windows))).toMatchObject({
      code: 'WindowsSourceUnavailable',
      exit: 2,
      target: 'properties.source',
      details: [],
    });
  });

  it('refuses a path of Windows on Linux, by its place, and nothing of the kind on Windows', () => {
    const file = (destination: string) => ({ type: 'File', sourceUri: 'a', destination });
    const files = [file('/tmp/a'), file('C:\\a.txt'), file('d:/a')];
    const of = template({ customize: files, validate: { inVMValidations: [file('c:\\b')] } });
    const error = refusal(() => checkSteps(of, source));
    expect(error.message).toBe(
      'The destination `C:\\a.txt` is a path of Windows, and the source Debian:debian-12:12-gen2:12.20260101.1 is Linux.',
    );
    expect(places(error)).toEqual(
      ['customize[1]', 'customize[2]', 'validate.inVMValidations[0]'].map(
        step => `DestinationMisfit properties.${step}.destination`,
      ),
    );
    expect(() => checkSteps(of, windows)).not.toThrow();
  });

  it('is known of a name alone for Windows and for installation media', () => {
    const named = (publisher: string) =>
      systemByName({ type: 'PlatformImage', publisher, offer: 'o', sku: 's', version: 'latest' });
    expect(named('microsoftwindowsserver')).toEqual({ os: 'Windows', exactName: 'microsoftwindowsserver:o:s:latest' });
    expect(named('Debian')).toBeUndefined();
    const iso = { type: 'ISO', sourceUri: 'https://example.com/rhel.iso?sig=secret', sha256Checksum: '' } as const;
    expect(systemByName(iso)).toEqual({ os: 'Linux', exactName: 'https://example.com/rhel.iso?***' });
    expect(refusal(() => checkFeatures({ ...template(), source: iso }))).toMatchObject({
      code: 'IsoSourceUnsupported',
      target: 'properties.source',
      message: expect.stringContaining('rhel.iso?***:'),
    });
  });

  it('names a validator when the customizers fit', () => {
    const of = template({ validate: { inVMValidations: [{ type: 'PowerShell', inline: ['dir'] }] } });
    expect(refusal(() => checkSteps(of, source))).toMatchObject({
      code: 'UnsupportedValidatorType',
      target: 'properties.validate.inVMValidations[0].type',
    });
  });
});
