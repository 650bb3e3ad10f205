import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/deployment');

let site: CliSite;
let file: string;
beforeAll(async () => {
  site = await cliSite();
  expect(await addSmallSource(site, 'Test:small:disk')).toMatchObject({ exitCode: 0 });
  await site.write('home/config.yaml', 'aliases:\n  Debian:debian-12:12-gen2: Test:small:disk\n');
  await cp(EXAMPLE, join(site.root, 'deployment'), { recursive: true });
  file = join(site.root, 'deployment/azuredeploy.json');
});
afterAll(() => site[Symbol.asyncDispose]());

interface PlanDocument {
  readonly template: { readonly name: string; readonly location: string; readonly identities: readonly string[] };
  readonly steps: readonly { readonly step: { readonly inline: readonly string[] } }[];
  readonly targets: readonly { readonly galleryImageId: string; readonly targetRegions: readonly { name: string }[] }[];
  readonly declared: readonly { readonly type: string; readonly id: string }[];
}

describe('a deployment template', () => {
  test('is planned with its parameters; what it holds besides is listed in order', async () => {
    const parameters = join(site.root, 'deployment/azuredeploy.parameters.json');
    const given = ['--parameters', parameters, '--param', 'packages=["nginx","git"]'];
    const plan = (await site.json('plan', file, ...given)) as PlanDocument;
    expect(plan.template).toMatchObject({ name: 'web', location: 'westeurope' });
    expect(plan.template.identities).toHaveLength(1);
    expect(plan.steps[0]?.step.inline).toEqual([
      'sudo apt-get -q update',
      'sudo DEBIAN_FRONTEND=noninteractive apt-get -qy install nginx git',
      '[ -x /usr/sbin/nginx ]',
    ]);
    expect(plan.targets[0]?.targetRegions.map(({ name }) => name)).toEqual(['westeurope', 'northeurope']);
    expect(plan.declared.map(({ type }) => type)).toEqual([
      'Microsoft.Compute/galleries',
      'Microsoft.Compute/galleries/images',
    ]);
    expect(plan.declared[1]?.id).toBe(plan.targets[0]?.galleryImageId);
    const text = await site.kiln('plan', file, ...given);
    expect(text.stdout).toMatch(/^Made first {2}Microsoft\.Compute\/galleries /m);
    expect(text.stderr).toContain('userAssignedIdentities` has no effect');
  });

  test('without a parameter that it needs, or with a wrong one, says which', async () => {
    const { exitCode, stderr } = await site.kiln('validate', '--offline', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("'imageName' is not provided")]);
    expect(stderr).toContain(`${file}:5:`);
    const wrong = await site.kiln(
      'validate',
      '--offline',
      file,
      '--param',
      'imageName=x',
      '--param',
      'withGallery=maybe',
    );
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('withGallery')]);
  });

  test('problems of the image template in it have their place in the file', async () => {
    const { exitCode, stderr } = await site.kiln(
      'validate',
      '--offline',
      file,
      '--param',
      `imageName=${'x'.repeat(70)}`,
    );
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/azuredeploy\.json:\d+:\d+: error: `name` must have/);
    expect(stderr).toMatch(/azuredeploy\.json:\d+:\d+: error: `runOutputName` must have/);
  });

  test('a nested deployment and an identity have a state for what comes after them', async () => {
    const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/main/images/web';
    const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
    const inner = {
      ...{ $schema: schema, contentVersion: '1.0.0.0', resources: [] },
      outputs: { id: { type: 'string', value: id } },
    };
    const identity = { type: 'Microsoft.ManagedIdentity/userAssignedIdentities', apiVersion: '2023-01-31' };
    const file = await site.write('nested.json', {
      ...{ $schema: schema, contentVersion: '1.0.0.0', variables: { identity: identity.type } },
      resources: [
        { ...identity, name: 'builder', location: 'local' },
        {
          ...{ type: 'Microsoft.Resources/deployments', apiVersion: '2022-09-01', name: 'inner' },
          properties: { mode: 'Incremental', template: inner },
        },
        {
          ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion: '2024-02-01', name: 'web' },
          ...{ location: 'local', identity: { type: 'None' } },
          properties: {
            source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
            distribute: [
              {
                ...{ type: 'SharedImage', runOutputName: 'x', targetRegions: [{ name: 'local' }] },
                galleryImageId: "[reference('inner').outputs.id.value]",
                artifactTags: { builder: "[reference(resourceId(variables('identity'), 'builder')).principalId]" },
              },
            ],
          },
        },
      ],
    });
    const plan = (await site.json('plan', file)) as PlanDocument;
    expect(plan.targets[0]?.galleryImageId).toBe(id);
  });

  test('values of secure parameters are not printed, whatever is wrong or right', async () => {
    const secure = (inline: string, timeout: string) => ({
      ...{ $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#' },
      ...{ contentVersion: '1.0.0.0', parameters: { pw: { type: 'secureString' } } },
      resources: [
        {
          ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion: '2024-02-01', name: 'web' },
          ...{ location: 'local', identity: { type: 'None' } },
          properties: {
            buildTimeoutInMinutes: timeout,
            source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
            customize: [{ type: 'Shell', inline: [inline] }],
            distribute: [{ type: 'VHD', runOutputName: 'x' }],
          },
        },
      ],
    });
    const secret = 'hunter"2secret';
    const wrong = await site.write('wrong.json', secure('true', "[parameters('pw')]"));
    const refused = await site.kiln('validate', wrong, '--param', `pw=${secret}`);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('must be a number')]);
    const right = await site.write('right.json', secure("[concat('echo ', parameters('pw'))]", '[int(60)]'));
    const plans = [
      await site.kiln('plan', right, '--param', `pw=${secret}`),
      await site.kiln('plan', right, '--param', `pw=${secret}`, '--output', 'json'),
    ];
    expect(plans.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(plans[0]?.stdout).toContain('echo ***');
    const printed = [refused, ...plans].map(({ stdout, stderr }) => stdout + stderr).join();
    expect(printed).not.toMatch(/hunter/);
  });

  test('names that no id may hold are refused', async () => {
    const file = await site.write('escape.json', {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.Compute/galleries', apiVersion: '2022-03-03', name: 'g\x1b[2J', location: 'local' },
      ],
    });
    const { exitCode, stderr } = await site.kiln('validate', '--offline', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error InvalidTemplate')]);
    expect(stderr).not.toContain('\x1b[2J');
  });

  test('problems of the parameters file are its own', async () => {
    const broken = await site.write('broken.parameters.json', '{ "parameters": {');
    const { exitCode, stderr } = await site.kiln('validate', '--offline', file, '--parameters', broken);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('This is not JSON')]);
    expect(stderr).not.toContain(`${file}:`);
  });

  test('what Kiln does not make is refused by type, all of it', async () => {
    const deployment = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        { type: 'Microsoft.Network/virtualNetworks', apiVersion: '2023-01-01', name: 'net', location: 'local' },
        { type: 'Microsoft.KeyVault/vaults', apiVersion: '2023-01-01', name: 'safe', location: 'local' },
      ],
    };
    const { exitCode, stderr } = await site.kiln('validate', '--offline', await site.write('net.json', deployment));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error DeploymentResourceUnsupported')]);
    expect(stderr).toContain('(resources[0])');
    expect(stderr).toContain('(resources[1])');
    const none = await site.kiln('validate', await site.write('none.json', { ...deployment, resources: [] }));
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('error NoImageTemplate')]);
  });

  test('parameters for anything else are refused', async () => {
    const plain = await site.write('plain.json', {
      ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion: '2024-02-01', location: 'local' },
      identity: { type: 'None' },
      properties: {
        source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
        distribute: [{ type: 'VHD', runOutputName: 'x' }],
      },
    });
    const { exitCode, stderr } = await site.kiln('plan', plain, '--param', 'a=b');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error NotADeployment')]);
    const usage = await site.kiln('plan', plain, '--param', 'ab');
    expect([usage.exitCode, usage.stderr]).toEqual([2, expect.stringContaining('A parameter is written NAME=VALUE.')]);
  });

  test('a build makes what it declares before it starts', async () => {
    const { exitCode, stderr } = await site.kiln(
      ...['build', file, '--param', 'imageName=made', '--param', 'packages=[]', '--timeout', '1s'],
    );
    // The disk is empty: no build of it ends well.
    expect([3, 5]).toContain(exitCode);
    expect(stderr).toMatch(/Created the gallery .*\/galleries\/gallery_[a-z0-9]{13}$/m);
    const strict = await site.kiln('plan', file, '--param', 'imageName=made', '--strict');
    expect([strict.exitCode, strict.stderr]).toEqual([0, expect.not.stringContaining('error')]);
  });
});

describe('kiln init', () => {
  test('writes a template that is valid here, and no other file over', async () => {
    const starter = join(site.root, 'starter.json');
    const written = await site.kiln('init', starter, '--target', 'vhd', '--target', 'shared-image');
    expect([written.exitCode, written.stdout]).toEqual([0, '']);
    expect((await site.kiln('validate', starter)).exitCode).toBe(0);
    const again = await site.kiln('init', starter);
    expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining('error TemplateExists')]);
    const shown = await site.kiln('init', '-', '--source', 'Test:small:disk', '--location', 'westus2');
    expect([shown.exitCode, shown.stdout]).toEqual([0, expect.stringContaining('"offer": "small"')]);
    const unknown = await site.kiln('init', '-', '--source', 'No:such:image');
    expect([unknown.exitCode, unknown.stdout]).toEqual([2, '']);
  });
});
