import { ENDLESS } from './service-fixture.ts';

/** A deployment of a gallery, an image definition and an image template that distributes to it. */
export const DEPLOYMENT = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: { name: { type: 'string' }, identity: { type: 'string' } },
  resources: [
    {
      type: 'Microsoft.Compute/galleries',
      apiVersion: '2022-03-03',
      name: "[parameters('name')]",
      location: 'westus2',
      properties: {},
    },
    {
      ...{ type: 'Microsoft.Compute/galleries/images', apiVersion: '2022-03-03', location: 'westus2' },
      name: "[concat(parameters('name'), '/web')]",
      dependsOn: ["[resourceId('Microsoft.Compute/galleries', parameters('name'))]"],
      properties: {
        ...{ osType: 'Linux', osState: 'Generalized', hyperVGeneration: 'V2' },
        identifier: { publisher: 'Site', offer: 'web', sku: 'deployed' },
      },
    },
    {
      ...{
        type: 'Microsoft.VirtualMachineImages/imageTemplates',
        apiVersion: '2022-02-14',
        name: "[parameters('name')]",
        location: 'westus2',
      },
      dependsOn: ["[resourceId('Microsoft.Compute/galleries/images', parameters('name'), 'web')]"],
      identity: { type: 'UserAssigned', userAssignedIdentities: { "[parameters('identity')]": {} } },
      properties: {
        source: { type: 'PlatformImage', ...ENDLESS, version: 'latest' },
        customize: [{ type: 'Shell', name: 'hello', inline: ['echo hello'] }],
        distribute: [
          {
            ...{ type: 'SharedImage', runOutputName: 'web', replicationRegions: ['westus2'] },
            galleryImageId: "[resourceId('Microsoft.Compute/galleries/images', parameters('name'), 'web')]",
          },
        ],
      },
    },
  ],
  outputs: {
    template: {
      type: 'string',
      value: "[resourceId('Microsoft.VirtualMachineImages/imageTemplates', parameters('name'))]",
    },
  },
};
