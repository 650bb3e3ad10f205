import { expect, test } from 'vitest';
import { providerFixture } from '../../provider.fixture.ts';
import { storageProvider } from '../../storage/provider.ts';
import { virtualMachineImages } from '../../virtual-machine-images/provider.ts';
import {
  bodyOf,
  changes,
  DEPLOYMENT,
  ended,
  everything,
  factory,
  GROUP,
  identity,
  order,
  outputValues,
  propertiesOf,
  providers,
  SCHEMA,
  template,
  thing,
} from './deployment-request.fixture.ts';

test('az sends a file as it is: it is validated, foreseen and deployed in order, with the state of what there is', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const network = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net?api-version=2022-01-01`;
  await arm.call('PUT', network, {
    location: 'westus2',
    properties: { addressSpace: { addressPrefixes: ['10.1.0.0/16'] } },
  });
  const text = `// "a comment\n${JSON.stringify(template(factory), null, 2)}`;
  const body = `{"properties": {"parameters": {"password": {"value": "s3cr3t-text"}}, "mode": "Incremental", template:${text}\n}}`;
  const ids = [
    'Microsoft.ManagedIdentity/userAssignedIdentities/builder',
    'Microsoft.Compute/galleries/site',
    'Microsoft.Compute/galleries/site/images/web',
  ];

  const validated = await arm.call('POST', `${DEPLOYMENT}/validate`, body);
  expect(validated.status, JSON.stringify(validated.body)).toBe(200);
  expect(validated.body).toMatchObject({ properties: { provisioningState: 'Succeeded', mode: 'Incremental' } });
  expect(await arm.call('GET', DEPLOYMENT)).toMatchObject({
    status: 404,
    body: { error: { code: 'DeploymentNotFound' } },
  });
  expect(changes(await arm.finished('POST', `${DEPLOYMENT}/whatIf`, body))).toEqual([
    ...[`Create ${ids[0]}`, `Create ${ids[1]}`, `Deploy ${ids[2]}`, 'Ignore Microsoft.Network/virtualNetworks/net'],
  ]);

  const begun = await arm.call('PUT', DEPLOYMENT, body);
  expect(begun).toMatchObject({
    status: 201,
    headers: { 'Azure-AsyncOperation': expect.stringMatching(/\/operationStatuses\/[0-9A-F-]{36}\?api-version=/) },
    body: { properties: { provisioningState: 'Accepted' } },
  });
  expect(await ended(arm, begun)).toMatchObject({ status: 'Succeeded' });
  const deployed = await arm.call('GET', DEPLOYMENT);
  const builder = await arm.call('GET', `${GROUP}/providers/${ids[0]}?api-version=2023-01-31`);
  const principal = propertiesOf(builder)['principalId'];
  expect(principal).toMatch(/^[0-9a-f-]{36}$/);
  expect(propertiesOf(deployed)).toMatchObject({
    provisioningState: 'Succeeded',
    correlationId: expect.any(String),
    duration: expect.stringMatching(/^PT[\d.]+S$/),
    templateHash: expect.stringMatching(/^\d+$/),
    parameters: { gallery: { type: 'String', value: 'site' }, password: { type: 'SecureString' } },
    outputs: {
      prefix: { type: 'String', value: '10.1.0.0/16' },
      principal: { type: 'String', value: principal },
      password: { type: 'SecureString' },
    },
    outputResources: expect.arrayContaining(ids.map(id => ({ id: `${GROUP}/providers/${id}` }))),
  });
  const definition = await arm.call('GET', `${GROUP}/providers/${ids[2]}?api-version=2022-03-03`);
  expect(definition).toMatchObject({ body: { location: 'westus2', properties: { description: principal } } });
  for (const scope of [DEPLOYMENT, `${GROUP}/deployments/main`]) {
    const { value } = bodyOf(await arm.call('GET', `${scope}/operations`));
    expect(value).toHaveLength(3);
    expect(value).toContainEqual(
      expect.objectContaining({
        properties: expect.objectContaining({
          provisioningState: 'Succeeded',
          targetResource: expect.objectContaining({
            resourceType: 'Microsoft.Compute/galleries/images',
            resourceName: 'site/web',
          }),
        }),
      }),
    );
  }
  expect(bodyOf(await arm.call('POST', `${DEPLOYMENT}/exportTemplate`))['template']).toMatchObject({ $schema: SCHEMA });
  // Once more changes nothing.
  expect(
    changes(await arm.finished('POST', `${DEPLOYMENT}/whatIf`, body)).filter(one => /^(Create|Modify)/.test(one)),
  ).toEqual([]);
  expect(await ended(arm, await arm.call('PUT', DEPLOYMENT, body))).toMatchObject({ status: 'Succeeded' });
  expect(await everything(arm)).not.toContain('s3cr3t');
  expect(await arm.call('DELETE', DEPLOYMENT)).toMatchObject({ status: 202 });
  expect(await arm.call('HEAD', DEPLOYMENT)).toMatchObject({ status: 404 });
  expect(await everything(arm)).not.toContain('operations/');
});

test('an image template is deployed with what it needs, and goes with its group, its staging group too', async () => {
  await using arm = await providerFixture((services, all) => [
    ...providers(services, all),
    virtualMachineImages(services),
    storageProvider(services),
  ]);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const imageTemplate = {
    type: 'Microsoft.VirtualMachineImages/imageTemplates',
    apiVersion: '2022-02-14',
    name: 'web',
    location: '[resourceGroup().location]',
    dependsOn: ["[resourceId('Microsoft.Compute/galleries/images', 'site', 'web')]"],
    identity: {
      type: 'UserAssigned',
      userAssignedIdentities: { "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'builder')]": {} },
    },
    properties: {
      source: { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
      customize: [{ type: 'Shell', name: 'hello', inline: ['echo hello'] }],
      distribute: [
        {
          type: 'SharedImage',
          runOutputName: 'out',
          galleryImageId: "[resourceId('Microsoft.Compute/galleries/images', 'site', 'web')]",
          replicationRegions: ['[resourceGroup().location]'],
        },
      ],
    },
  };
  const assignment = {
    type: 'Microsoft.Authorization/roleAssignments',
    apiVersion: '2022-04-01',
    name: "[guid(resourceGroup().id, 'assigned')]",
    scope: 'Microsoft.Compute/galleries/site',
    dependsOn: ['site'],
    properties: {
      roleDefinitionId:
        "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b24988ac-6180-42a0-ab88-20f7382dd24c')]",
      principalId: "[reference('builder').principalId]",
      principalType: 'ServicePrincipal',
    },
  };
  imageTemplate.dependsOn.push('builder', assignment.name);
  const body = order(
    {
      parameters: factory.parameters,
      resources: [imageTemplate, assignment, ...factory.resources],
      outputs: {
        staging: { type: 'string', value: "[reference('web').exactStagingResourceGroup]" },
        version: { type: 'string', value: "[reference('web').source.exactVersion]" },
      },
    },
    { parameters: { password: { value: 'unused' } } },
  );
  const end = await ended(arm, await arm.call('PUT', DEPLOYMENT, body));
  expect(end, JSON.stringify(end)).toMatchObject({ status: 'Succeeded' });
  const { staging, version } = outputValues(await arm.call('GET', DEPLOYMENT));
  expect(version).toMatch(/^\d/);
  expect(staging).toMatch(/\/resourceGroups\/IT_rg_web_/);
  expect(await arm.call('HEAD', String(staging))).toMatchObject({ status: 204 });
  // It belongs to the template as long as there is one.
  expect(await arm.call('DELETE', String(staging))).toMatchObject({ body: { error: { code: 'ResourceInUse' } } });
  expect(await ended(arm, await arm.call('PUT', DEPLOYMENT, body))).toMatchObject({ status: 'Succeeded' });
  expect(await arm.finished('DELETE', GROUP)).toMatchObject({ status: 200 });
  expect(await arm.store.db.selectFrom('resource_groups').select('id').execute()).toEqual([]);
  expect(await arm.store.db.selectFrom('resources').select('id').execute()).toEqual([]);
});

test('what is wrong with a template is said at once, in the words of Resource Manager', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const vault = { type: 'Microsoft.KeyVault/vaults', apiVersion: '2022-07-01', name: 'v', location: 'westus2' };
  const cases: readonly (readonly [body: unknown, code: string, says: RegExp])[] = [
    ['{"properties": {template:', 'InvalidRequestContent', /line 1/],
    [{ properties: { mode: 'Incremental' } }, 'InvalidRequestContent', /template/],
    [order({}, { mode: 'Sometimes' }), 'InvalidParameter', /mode/],
    [order({}, { templateLink: { uri: 'https://x' } }), 'DeploymentFeatureUnsupported', /templateLink/],
    [
      order({ resources: [{ ...identity, name: "[parameters('no')]" }] }),
      'InvalidTemplate',
      /template parameter 'no' is not found/,
    ],
    [
      order({
        outputs: {
          x: {
            type: 'string',
            value: "[reference(resourceId('Microsoft.Network/virtualNetworks', 'no'), '2022-01-01').x]",
          },
        },
      }),
      'ResourceNotFound',
      /virtualNetworks\/no/,
    ],
    [order({ resources: [vault] }), 'InvalidTemplateDeployment', /Microsoft\.KeyVault/],
    [
      order({ resources: [{ ...identity, location: undefined }] }),
      'InvalidTemplateDeployment',
      /location property is required/,
    ],
    [
      order({ resources: [{ ...identity, resourceGroup: 'gone' }] }),
      'InvalidTemplateDeployment',
      /'gone' could not be found/,
    ],
  ];
  for (const [body, code, says] of cases) {
    for (const [method, path] of [
      ['PUT', DEPLOYMENT],
      ['POST', `${DEPLOYMENT}/validate`],
    ] as const) {
      const answer = await arm.call(method, path, body);
      expect(bodyOf(answer)['error'], JSON.stringify(answer.body)).toMatchObject({ code });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).toMatch(says);
    }
  }
  expect(await arm.call('PUT', `${GROUP}/providers/Microsoft.Resources/deployments/a%20b`, order({}))).toMatchObject({
    status: 400,
  });
});

test('what fails keeps from being deployed what depends on it, and nothing else', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const resources = [
    { ...thing('bad'), properties: { fail: true, note: "[parameters('secret')]" } },
    { ...thing('late'), properties: { failLater: true } },
    { ...thing('after'), dependsOn: ['bad'] },
    { ...thing('free'), properties: { fail: false } },
  ];
  const body = order(
    { parameters: { secret: { type: 'securestring' } }, resources },
    { parameters: { secret: { value: 'hush-hush' } } },
  );
  const end = await ended(arm, await arm.call('PUT', DEPLOYMENT, body));
  const target = (name: string) => `${GROUP}/providers/Test.Slow/things/${name}`;
  expect(end).toMatchObject({
    status: 'Failed',
    error: {
      code: 'DeploymentFailed',
      target: DEPLOYMENT,
      details: expect.arrayContaining([
        { code: 'Refused', message: 'no: ***', target: target('bad') },
        expect.objectContaining({
          code: 'ResourceDeploymentFailure',
          target: target('late'),
          details: [expect.objectContaining({ code: 'Broken' })],
        }),
      ]),
    },
  });
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))).toMatchObject({
    provisioningState: 'Failed',
    error: { code: 'DeploymentFailed' },
    outputResources: [{ id: target('free') }],
  });
  const { value } = bodyOf(await arm.call('GET', `${DEPLOYMENT}/operations`));
  expect(JSON.stringify(value)).toContain('"statusCode":"Conflict"');
  expect(value).toHaveLength(3);
  expect(await everything(arm)).not.toContain('hush-hush');
});

test('a deployment inside of another is one of its own, and its outputs are the state of it', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const inner = {
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2021-04-01',
    name: 'inner',
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope: 'inner' },
      parameters: { of: { value: "[reference('first').size]" } },
      template: template({
        parameters: { of: { type: 'int' } },
        resources: [{ ...thing('second'), properties: { size: "[add(parameters('of'), 1)]" } }],
        outputs: { size: { type: 'int', value: "[reference('second').size]" } },
      }),
    },
  };
  const body = order({
    resources: [{ ...thing('first'), properties: { size: 4 } }, inner],
    outputs: { total: { type: 'int', value: "[reference('inner').outputs.size.value]" } },
  });
  const end = await ended(arm, await arm.call('PUT', DEPLOYMENT, body));
  expect(end).toMatchObject({ status: 'Succeeded' });
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))['outputs']).toEqual({ total: { type: 'Int', value: 5 } });
  const nested = await arm.call('GET', `${GROUP}/providers/Microsoft.Resources/deployments/inner`);
  expect(propertiesOf(nested)).toMatchObject({ provisioningState: 'Succeeded', outputs: { size: { value: 5 } } });
});
