import { throwAll } from '../errors/attempts.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import { templateError } from '../errors/template.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import { type Customizer, typeOf, type Validator } from '../steps/registry.ts';
import type { ImageTemplate } from '../template/model.ts';

const NETWORK =
  'places the build in a network of Azure, and this version of Kiln has none: its build VM has a network of its own';
const IDENTITY = 'gives the build VM an identity, and this version of Kiln has none to give';

/** More than any VM size of Azure takes, and larger than any disk there is. */
const MAX_DATA_DISKS = 64;
const MAX_DATA_DISK_GB = 32767;

/**
 * Refuses, by name and place, what a valid template asks for and no build of this version can give.
 *
 * @throws KilnError `FeatureUnavailable`; with several, `details` lists them all
 */
export function checkFeatures(template: ImageTemplate): void {
  const { userAssignedIdentities, vnetConfig } = template.vmProfile;
  throwAll([
    ...userAssignedIdentities.map((_, i) => unavailable(`vmProfile.userAssignedIdentities[${i}]`, IDENTITY)),
    ...(vnetConfig.subnetId === '' ? [] : [unavailable('vmProfile.vnetConfig.subnetId', NETWORK)]),
    ...(vnetConfig.containerInstanceSubnetId === ''
      ? []
      : [unavailable('vmProfile.vnetConfig.containerInstanceSubnetId', NETWORK)]),
    // Alone it says nothing: the proxy stands between the service and a build VM in somebody's subnet.
    ...(vnetConfig.subnetId === '' || vnetConfig.proxyVmSize === ''
      ? []
      : [unavailable('vmProfile.vnetConfig.proxyVmSize', NETWORK)]),
    ...dataDiskProblems(template.additionalDataDisks),
  ]);
}

/**
 * Refuses a source that nothing can run on.
 *
 * @throws KilnError `WindowsSourceUnavailable`
 */
export function checkSourceSystem(source: Pick<SourceDisk, 'os' | 'exactName'>): void {
  if (source.os !== 'Windows') return;
  throw templateError('WindowsSourceUnavailable', { source: source.exactName }, { target: 'properties.source' });
}

/**
 * Refuses steps that are for another operating system than the source's, as the service does.
 *
 * @throws KilnError `UnsupportedCustomizerType`, `UnsupportedValidatorType`; with several, `details` lists them all
 */
export function checkStepTypes(template: ImageTemplate, source: Pick<SourceDisk, 'os' | 'exactName'>): void {
  const misfits = (
    code: 'UnsupportedCustomizerType' | 'UnsupportedValidatorType',
    steps: readonly (Customizer | Validator)[],
    place: string,
  ): KilnError[] =>
    steps.flatMap((step, i) => {
      const { type, os } = typeOf(step);
      if (os.includes(source.os)) return [];
      const params = { type, fits: os.join(' or '), source: source.exactName, os: source.os };
      return [templateError(code, params, { target: `properties.${place}[${i}].type` })];
    });
  throwAll([
    ...misfits('UnsupportedCustomizerType', template.customize, 'customize'),
    ...misfits('UnsupportedValidatorType', template.validate.inVMValidations, 'validate.inVMValidations'),
  ]);
}

function dataDiskProblems(disks: ImageTemplate['additionalDataDisks']): KilnError[] {
  const more = disks.length - MAX_DATA_DISKS;
  return [
    ...(more > 0
      ? [unavailable('additionalDataDisks', `has ${disks.length} disks, and a build VM takes ${MAX_DATA_DISKS}`)]
      : []),
    ...disks.flatMap(({ sizeGB }, i) => {
      if (sizeGB >= 1 && sizeGB <= MAX_DATA_DISK_GB) return [];
      const reason = `is ${sizeGB}, and a disk of a build VM has 1 to ${MAX_DATA_DISK_GB} GB`;
      return [unavailable(`additionalDataDisks[${i}].sizeGB`, reason)];
    }),
  ];
}

function unavailable(property: string, reason: string): KilnError {
  return templateError('FeatureUnavailable', { property, reason }, { target: `properties.${property}` });
}
