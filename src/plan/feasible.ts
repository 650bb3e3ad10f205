import { shownUri } from '../artifacts/shown-uri.ts';
import { throwAll } from '../errors/attempts.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import { sourceError } from '../errors/sources.ts';
import { templateError } from '../errors/template.ts';
import { renderImageName } from '../sources/image-name.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import { type Customizer, typeOf, type Validator } from '../steps/registry.ts';
import type { ImageSource, ImageTemplate } from '../template/model.ts';

const NETWORK =
  'places the build in a network of Azure, and this version of Kiln has none: its build VM has a network of its own';
const IDENTITY = 'gives the build VM an identity, and this version of Kiln has none to give';

/** More than any VM size of Azure takes, and larger than any disk there is. */
const MAX_DATA_DISKS = 64;
const MAX_DATA_DISK_GB = 32767;

/** Publishers of images that are all for Windows. */
const WINDOWS_PUBLISHERS = /^Microsoft(?:WindowsServer|WindowsDesktop|VisualStudio)$/i;

/** What is known of a source without its disk. */
export type SourceSystem = Pick<SourceDisk, 'os' | 'exactName'>;

/** What the name of a source says of it; `undefined` where only the image does. */
export function systemByName(source: ImageSource): SourceSystem | undefined {
  if (source.type === 'ISO') return { os: 'Linux', exactName: shownUri(source.sourceUri) };
  if (source.type !== 'PlatformImage' || !WINDOWS_PUBLISHERS.test(source.publisher)) return undefined;
  return { os: 'Windows', exactName: `${renderImageName(source)}:${source.version}` };
}

/**
 * Refuses, by name and place, what a valid template asks for and no build of this version can give.
 *
 * @throws KilnError `FeatureUnavailable`, `IsoSourceUnsupported`; with several, `details` lists them all
 */
export function checkFeatures(template: ImageTemplate): void {
  const { source, vmProfile } = template;
  const { userAssignedIdentities, vnetConfig } = vmProfile;
  throwAll([
    ...(source.type === 'ISO'
      ? [sourceError('IsoSourceUnsupported', { uri: shownUri(source.sourceUri) }, { target: 'properties.source' })]
      : []),
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
export function checkSourceSystem(source: SourceSystem): void {
  if (source.os !== 'Windows') return;
  throw templateError('WindowsSourceUnavailable', { source: source.exactName }, { target: 'properties.source' });
}

/**
 * Refuses steps that are for another operating system than the source's: by their type, as the service does, or by their
 * destination, which on the service fails in the run. Windows takes a path without a drive.
 *
 * @throws KilnError `UnsupportedCustomizerType`, `UnsupportedValidatorType`, `DestinationMisfit`; with several, `details`
 *   lists them all
 */
export function checkSteps(template: ImageTemplate, source: SourceSystem): void {
  const misfits = (
    code: 'UnsupportedCustomizerType' | 'UnsupportedValidatorType',
    steps: readonly (Customizer | Validator)[],
    place: string,
  ): KilnError[] =>
    steps.flatMap((step, i) => {
      const { type, os } = typeOf(step);
      if (os.includes(source.os)) return elsewhere(step, source, `properties.${place}[${i}].destination`);
      const params = { type, fits: os.join(' or '), source: source.exactName, os: source.os };
      return [templateError(code, params, { target: `properties.${place}[${i}].type` })];
    });
  throwAll([
    ...misfits('UnsupportedCustomizerType', template.customize, 'customize'),
    ...misfits('UnsupportedValidatorType', template.validate.inVMValidations, 'validate.inVMValidations'),
  ]);
}

function elsewhere(step: Customizer | Validator, { os, exactName }: SourceSystem, target: string): KilnError[] {
  if (step.type !== 'File' || os === 'Windows' || !/^[A-Za-z]:/.test(step.destination)) return [];
  return [templateError('DestinationMisfit', { destination: step.destination, source: exactName }, { target })];
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
