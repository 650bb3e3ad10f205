/** A template as a plain JSON value; only what a test is about is stated. */
export interface TemplateParts {
  readonly apiVersion?: string;
  readonly name?: string;
  readonly source?: object;
  readonly customize?: readonly object[];
  readonly validate?: object;
  readonly distribute?: readonly object[];
  readonly vmProfile?: object;
  readonly optimize?: object;
  readonly additionalDataDisks?: readonly object[];
}

const LOCATION = 'westeurope';
const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tests/providers/Microsoft.Compute';

/** One that boots the test source with little memory and distributes a VHD. */
export function template(parts: TemplateParts): object {
  const name = parts.name ?? 'test';
  return {
    type: 'Microsoft.VirtualMachineImages/imageTemplates',
    apiVersion: parts.apiVersion ?? '2024-02-01',
    name,
    location: LOCATION,
    identity: { type: 'None' },
    properties: {
      vmProfile: { vmSize: 'Standard_B2s', ...parts.vmProfile },
      source: parts.source ?? debian('12-gen2'),
      customize: parts.customize ?? [shell('says-hello', 'echo hello')],
      ...(parts.validate === undefined ? {} : { validate: parts.validate }),
      ...(parts.optimize === undefined ? {} : { optimize: parts.optimize }),
      ...(parts.additionalDataDisks === undefined ? {} : { additionalDataDisks: parts.additionalDataDisks }),
      distribute: parts.distribute ?? [vhd(`${name}-vhd`)],
    },
  };
}

export const debian = (sku: '12' | '12-gen2') => platformImage('Debian', 'debian-12', sku);

export function platformImage(publisher: string, offer: string, sku: string): object {
  return { type: 'PlatformImage', publisher, offer, sku, version: 'latest' };
}

export function shell(name: string, ...inline: readonly string[]): object {
  return { type: 'Shell', name, inline };
}

export function vhd(runOutputName: string): object {
  return { type: 'VHD', runOutputName };
}

export function managedImage(name: string): object {
  return { type: 'ManagedImage', runOutputName: name, imageId: `${GROUP}/images/${name}`, location: LOCATION };
}

export function sharedImage(name: string, regions: readonly string[]): object {
  const targetRegions = regions.map(region => ({ name: region }));
  return { type: 'SharedImage', runOutputName: name, galleryImageId: definitionId(name), targetRegions };
}

export const managedImageId = (name: string) => `${GROUP}/images/${name}`;
export const definitionId = (name: string) => `${GROUP}/galleries/gallery/images/${name}`;
