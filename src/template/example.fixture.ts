type Json = Record<string, unknown>;

export const IMAGE_ID = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/golden';
export const DEFINITION_ID = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/main/images/web';
export const IDENTITY_ID =
  '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder';
export const SHA = 'ab'.repeat(32);

/** The smallest template without a warning; `properties` and the resource can be changed. */
export function example(properties: Json = {}, resource: Json = {}): Json {
  return {
    type: 'Microsoft.VirtualMachineImages/imageTemplates',
    apiVersion: '2024-02-01',
    location: 'westus2',
    identity: { type: 'None' },
    properties: {
      source: { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
      customize: [{ type: 'Shell', name: 'greet', inline: ['echo hello'] }],
      distribute: [{ type: 'VHD', runOutputName: 'disk' }],
      ...properties,
    },
    ...resource,
  };
}

export function text(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
