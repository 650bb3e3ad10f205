import { describe, expect, it } from 'vitest';
import { evaluated, GROUP, refused, SUBSCRIPTION, template } from './deployment.fixture.ts';

/** A template with the structure that Microsoft's image builder samples have: an identity that exists, a gallery, an image. */
const GALLERY_SAMPLE = template({
  $schema: 'http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json',
  parameters: {
    imageTemplateName: { type: 'string' },
    'api-version': { type: 'string', defaultValue: '2022-07-01' },
    svclocation: { type: 'string', defaultValue: '[resourceGroup().location]' },
    replicationRegions: { type: 'array', defaultValue: ['westus2', 'eastus'] },
    galleryName: { type: 'string', minLength: 1, maxLength: 80 },
    identityName: { type: 'string', defaultValue: 'builder' },
    vmSku: { type: 'string', defaultValue: 'Standard_D2s_v3', allowedValues: ['Standard_D2s_v3', 'Standard_D4s_v3'] },
    password: { type: 'secureString', defaultValue: '' },
  },
  variables: {
    runOutput: "[format('{0}-{1}', parameters('imageTemplateName'), take(uniqueString(resourceGroup().id), 5))]",
    identityId: "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('identityName'))]",
    definition: { publisher: 'contoso', offer: 'web', sku: "[concat(parameters('galleryName'), '-sku')]" },
  },
  resources: [
    {
      name: "[parameters('imageTemplateName')]",
      type: 'Microsoft.VirtualMachineImages/imageTemplates',
      apiVersion: "[parameters('api-version')]",
      location: "[parameters('svclocation')]",
      dependsOn: [
        "[resourceId('Microsoft.Compute/galleries/images', parameters('galleryName'), 'web')]",
        "[concat('Microsoft.Compute/galleries/', parameters('galleryName'))]",
      ],
      tags: { "[concat('built-', 'by')]": 'kiln', group: '[resourceGroup().name]' },
      identity: { type: 'UserAssigned', userAssignedIdentities: { "[variables('identityId')]": {} } },
      properties: {
        buildTimeoutInMinutes: 80,
        vmProfile: { vmSize: "[parameters('vmSku')]", osDiskSizeGB: "[int('30')]" },
        source: { type: 'PlatformImage', publisher: 'Canonical', offer: 'x', sku: 'y', version: 'latest' },
        customize: [
          {
            type: 'Shell',
            name: 'inline',
            inline: [
              '[[ -f /etc/os-release ]] && cat /etc/os-release',
              '[[not-an-expression]',
              "[concat('echo ', variables('runOutput'))]",
            ],
          },
          {
            type: 'File',
            sourceUri: "[uri('https://contoso.example/files/', 'a.json')]",
            destination: '/tmp/a.json',
          },
        ],
        distribute: [
          {
            type: 'SharedImage',
            galleryImageId: "[resourceId('Microsoft.Compute/galleries/images', parameters('galleryName'), 'web')]",
            runOutputName: "[variables('runOutput')]",
            artifactTags: { source: 'azVmImageBuilder' },
            copy: [
              {
                name: 'targetRegions',
                count: "[length(parameters('replicationRegions'))]",
                input: { name: "[parameters('replicationRegions')[copyIndex('targetRegions')]]", replicaCount: 1 },
              },
            ],
          },
        ],
      },
    },
    {
      type: 'Microsoft.Compute/galleries',
      apiVersion: '2022-03-03',
      name: "[parameters('galleryName')]",
      location: "[parameters('svclocation')]",
      properties: {},
      resources: [
        {
          type: 'images',
          apiVersion: '2022-03-03',
          name: 'web',
          location: "[parameters('svclocation')]",
          properties: { osType: 'Linux', identifier: "[variables('definition')]" },
        },
      ],
    },
  ],
  outputs: {
    imageTemplateId: {
      type: 'string',
      value: "[resourceId('Microsoft.VirtualMachineImages/imageTemplates', parameters('imageTemplateName'))]",
    },
  },
});

describe('deployment templates like the published samples', () => {
  it('become a gallery, a definition and an image template, in this order, with every expression evaluated', () => {
    const file = {
      contentVersion: '1.0.0.0',
      parameters: { imageTemplateName: { value: 'tpl' }, galleryName: { value: 'old' } },
    };
    const deployment = evaluated(GALLERY_SAMPLE, { parametersFile: file, parameters: { GalleryName: 'sig' } });
    const galleries = `${GROUP}/providers/Microsoft.Compute/galleries/sig`;
    const identity = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
    expect(deployment.resources.map(({ id, path, dependsOn }) => ({ id, path, dependsOn }))).toEqual([
      { id: galleries, path: ['resources', 1], dependsOn: [] },
      { id: `${galleries}/images/web`, path: ['resources', 1, 'resources', 0], dependsOn: [galleries] },
      {
        id: `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/tpl`,
        path: ['resources', 0],
        dependsOn: [`${galleries}/images/web`, galleries],
      },
    ]);
    const [, definition, image] = deployment.resources;
    expect(definition).toMatchObject({
      type: 'Microsoft.Compute/galleries/images',
      name: 'sig/web',
      body: { name: 'sig/web', properties: { identifier: { publisher: 'contoso', offer: 'web', sku: 'sig-sku' } } },
    });
    const body = image?.body;
    expect(body).toEqual({
      type: 'Microsoft.VirtualMachineImages/imageTemplates',
      apiVersion: '2022-07-01',
      name: 'tpl',
      location: 'westus2',
      tags: { 'built-by': 'kiln', group: 'images' },
      identity: { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } },
      properties: {
        buildTimeoutInMinutes: 80,
        vmProfile: { vmSize: 'Standard_D2s_v3', osDiskSizeGB: 30 },
        source: { type: 'PlatformImage', publisher: 'Canonical', offer: 'x', sku: 'y', version: 'latest' },
        customize: [
          {
            type: 'Shell',
            name: 'inline',
            inline: [
              '[[ -f /etc/os-release ]] && cat /etc/os-release',
              '[not-an-expression]',
              expect.stringMatching(/^echo tpl-[a-z2-7]{5}$/),
            ],
          },
          { type: 'File', sourceUri: 'https://contoso.example/files/a.json', destination: '/tmp/a.json' },
        ],
        distribute: [
          {
            type: 'SharedImage',
            galleryImageId: `${galleries}/images/web`,
            runOutputName: expect.stringMatching(/^tpl-/),
            artifactTags: { source: 'azVmImageBuilder' },
            targetRegions: [
              { name: 'westus2', replicaCount: 1 },
              { name: 'eastus', replicaCount: 1 },
            ],
          },
        ],
      },
    });
    expect(deployment.outputs(() => undefined)).toEqual({
      imageTemplateId: {
        type: 'string',
        value: `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/tpl`,
        secret: false,
      },
    });
  });

  it('wait with a role assignment until the identity has a principal', () => {
    const document = template({
      variables: { identity: "[concat('id', uniqueString(resourceGroup().id))]" },
      resources: [
        {
          type: 'Microsoft.Authorization/roleAssignments',
          apiVersion: '2022-04-01',
          name: "[guid(resourceGroup().id, variables('identity'))]",
          properties: {
            roleDefinitionId: "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]",
            principalId: "[reference(variables('identity')).principalId]",
          },
        },
        {
          type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
          apiVersion: '2023-01-31',
          name: "[variables('identity')]",
          location: '[resourceGroup().location]',
        },
      ],
      outputs: {
        client: { type: 'string', value: "[reference(variables('identity'), '2023-01-31', 'Full').location]" },
      },
    });
    const { resources, outputs } = evaluated(document);
    const [identity, assignment] = resources;
    expect(assignment).toMatchObject({ body: undefined, dependsOn: [identity?.id] });
    const states = new Map([[identity?.id, { location: 'westus2', properties: { principalId: 'p' } }]]);
    expect(assignment?.resolve(id => states.get(id))['properties']).toEqual({
      roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r`,
      principalId: 'p',
    });
    expect(outputs(id => states.get(id))['client']?.value).toBe('westus2');
  });

  it('find scripts beside the template by the address that the template has', () => {
    const document = template({
      parameters: {
        _artifactsLocation: { type: 'string', defaultValue: '[deployment().properties.templateLink.uri]' },
        _artifactsLocationSasToken: { type: 'secureString', defaultValue: '' },
      },
      variables: {
        script:
          "[uri(parameters('_artifactsLocation'), format('{0}{1}', 'scripts/run.sh', parameters('_artifactsLocationSasToken')))]",
      },
      outputs: { script: { type: 'string', value: "[variables('script')]" } },
    });
    const { outputs } = evaluated(document, { templateUri: 'file:///templates/azuredeploy.json' });
    expect(outputs(() => undefined)['script']?.value).toBe('file:///templates/scripts/run.sh');
    expect(refused(document).message).toContain("property 'templateLink' doesn't exist");
  });

  it('name every parameter that is missing or wrong at once, with its place', () => {
    const error = refused(GALLERY_SAMPLE, {
      parameters: { galleryName: '', vmSku: 'Standard_X', password: 5, nonsense: 1 },
      locate: path => ({ line: path.length, column: 7 }),
    });
    expect(error.code).toBe('InvalidTemplate');
    expect(error.details.map(({ target, line, column }) => [target, line, column])).toEqual([
      ['parameters', 1, 7],
      ['parameters.imageTemplateName', 2, 7],
      ['parameters.galleryName', 2, 7],
      ['parameters.vmSku', 2, 7],
      ['parameters.password', 2, 7],
    ]);
    expect(error.details[1]?.message).toMatch(
      /^The value for the template parameter 'imageTemplateName' is not provided\./,
    );
    expect(error.details[3]?.message).toContain("'Standard_X' is not part of the allowed value(s)");
  });
});
