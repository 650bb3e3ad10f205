import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Az, azAt, hasAz } from './az-fixture.ts';
import { DEPLOYMENT } from './service-deployment-fixture.ts';
import { ENDLESS, type ServiceSite, SUBSCRIPTION, serviceSite } from './service-fixture.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
const TYPE = 'Microsoft.VirtualMachineImages/imageTemplates';
const TEMPLATES = `${GROUP}/providers/${TYPE}`;
const ROLE = '3c8d1a5e-6f0b-4d2a-9b7e-1f2a3b4c5d6e';
const NOT_RUNNING = "lastRunStatus.runState!='Running' && lastRunStatus.runState!='Canceling'";
const GUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

let on: ServiceSite;
let az: Az;

const source = { type: 'PlatformImage', ...ENDLESS, version: 'latest' };
const template = (more: object = {}) => ({
  location: 'westus2',
  identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
  properties: {
    source,
    customize: [{ type: 'Shell', name: 'hello', inline: ['echo hello'] }],
    distribute: [{ type: 'VHD', runOutputName: 'disk' }],
    ...more,
  },
});
const inGroup = (...args: readonly string[]) => [...args, '-g', 'images'];

// Each test goes on where the one before it ended: a day of somebody who follows Azure's own pages.
// A command of it takes a second or two, on a loaded machine several.
describe.skipIf(!(await hasAz()))('the Azure CLI, which is on Debian only,', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    on = await serviceSite();
    az = await azAt(on.site, on.administrator.secret);
  });
  afterAll(() => on?.[Symbol.asyncDispose]());

  test('is logged in with a secret, or with a certificate, and knows its subscription and the regions', async () => {
    const account = {
      id: SUBSCRIPTION,
      tenantId: on.service.ready.tenantId,
      user: { name: on.administrator.clientId },
    };
    const [shown, accounts, locations] = await Promise.all([
      az.json('account', 'show'),
      az.json('account', 'list'),
      az.json('account', 'list-locations', '--query', '[].name'),
    ]);
    expect(shown).toMatchObject({ ...account, environmentName: 'Kiln', state: 'Enabled' });
    expect(accounts).toMatchObject([account]);
    expect(locations).toEqual(expect.arrayContaining(['local', 'westus2', 'eastus']));

    const pem = await on.site.write('login.pem', '');
    const options = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=login',
      '-days',
      '2',
      '-keyout',
      pem,
    ];
    const { stdout: certificate } = await execa('openssl', options, { stderr: 'ignore' });
    await execa('bash', ['-c', 'cat >>"$0"', pem], { input: `${certificate}\n` });
    expect(await on.site.kiln('principal', 'certificate', on.administrator.clientId, pem)).toMatchObject({
      exitCode: 0,
    });
    const login = [
      'login',
      '--service-principal',
      '--tenant',
      on.service.ready.tenantId,
      '-u',
      on.administrator.clientId,
    ];
    expect(await az.refused(...login, '-p', 'guess')).toContain('AADSTS7000215');
    expect(await az.json(...login, '-p', pem)).toMatchObject([account]);
  });

  test('makes groups and identities, registers providers and features', async () => {
    expect(await az.json('group', 'create', '-n', 'images', '-l', 'westus2', '--tags', 'team=web')).toMatchObject({
      id: GROUP,
      properties: { provisioningState: 'Succeeded' },
    });
    await az.json('group', 'create', '-n', 'other', '-l', 'local');
    const [shown, all, tagged, yes, no] = await Promise.all([
      az.json('group', 'show', '-n', 'IMAGES'),
      az.json('group', 'list', '--query', '[].name'),
      az.json('group', 'list', '--tag', 'team=web', '--query', '[].name'),
      az.json('group', 'exists', '-n', 'images'),
      az.json('group', 'exists', '-n', 'nonesuch'),
    ]);
    expect([shown, all, tagged, yes, no]).toMatchObject([
      { name: 'images', location: 'westus2', tags: { team: 'web' } },
      ['images', 'other'],
      ['images'],
      true,
      false,
    ]);
    await az.json('group', 'delete', '-n', 'other', '--yes');
    expect(await az.refused('group', 'show', '-n', 'other')).toContain('ResourceGroupNotFound');

    const feature = ['--namespace', 'Microsoft.VirtualMachineImages', '--name', 'VirtualMachineTemplatePreview'];
    await az.json('provider', 'register', '-n', 'Microsoft.VirtualMachineImages', '--wait');
    await az.json('feature', 'register', ...feature);
    const [provider, state] = await Promise.all([
      az.json('provider', 'show', '-n', 'Microsoft.VirtualMachineImages'),
      az.json('feature', 'show', ...feature, '--query', 'properties.state'),
    ]);
    expect([provider, state]).toMatchObject([{ registrationState: 'Registered' }, 'Registered']);

    const identity = await az.json(...inGroup('identity', 'create'), '-n', 'builder');
    expect(identity).toMatchObject({ id: IDENTITY, principalId: GUID, clientId: GUID });
    await az.json(...inGroup('identity', 'create'), '-n', 'spare');
    expect(await az.json(...inGroup('identity', 'show'), '-n', 'builder')).toEqual(identity);
    expect(await az.json(...inGroup('identity', 'list'), '--query', '[].name')).toEqual(['builder', 'spare']);
  });

  test('makes a role of its own and gives it to an identity', async () => {
    const role = {
      Name: 'Image creation',
      ...{ IsCustom: true, Description: 'Makes images', Actions: ['Microsoft.Compute/images/write'], NotActions: [] },
      AssignableScopes: [GROUP],
    };
    const file = await on.site.write('role.json', role);
    const made = await az.json('role', 'definition', 'create', '--role-definition', `@${file}`);
    expect(made).toMatchObject({ roleName: 'Image creation', roleType: 'CustomRole' });
    // The commands for assignments of this version of az end in an error of its own.
    const authorization = `${GROUP}/providers/Microsoft.Authorization`;
    const query = 'api-version=2020-04-01-preview&$filter=atScope()';
    const { id: roleDefinitionId } = made as { readonly id: string };
    const principalId = await az.json(...inGroup('identity', 'show'), '-n', 'builder', '--query', 'principalId');
    const properties = { roleDefinitionId, principalId, principalType: 'ServicePrincipal' };
    const put = [
      'rest',
      '--method',
      'put',
      '--url',
      `${authorization}/roleAssignments/${ROLE}?api-version=2020-04-01-preview`,
    ];
    expect(await az.json(...put, '--body', JSON.stringify({ properties }))).toMatchObject({ name: ROLE, properties });
    const list = await az.json('rest', '--method', 'get', '--url', `${authorization}/roleAssignments?${query}`);
    expect(list).toMatchObject({ value: [{ name: ROLE, properties: { principalId } }] });
  });

  test('makes a gallery, an image definition and a network, and reads the catalogue', async () => {
    const gallery = ['--gallery-name', 'site', '-g', 'images'];
    const definition = ['-p', 'Site', '-f', 'web', '-s', 'one', '--os-type', 'Linux', '--hyper-v-generation', 'V2'];
    expect(await az.json('sig', 'create', ...gallery)).toMatchObject({ provisioningState: 'Succeeded' });
    const made = await az.json('sig', 'image-definition', 'create', ...gallery, '-i', 'web', ...definition);
    expect(made).toMatchObject({ hyperVGeneration: 'V2', identifier: { publisher: 'Site', offer: 'web', sku: 'one' } });
    const [galleries, definitions, versions] = await Promise.all([
      az.json('sig', 'list', '-g', 'images', '--query', '[].name'),
      az.json('sig', 'image-definition', 'list', ...gallery, '--query', '[].name'),
      az.json('sig', 'image-version', 'list', ...gallery, '-i', 'web'),
    ]);
    expect([galleries, definitions, versions]).toEqual([['site'], ['web'], []]);

    const properties = {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'build', properties: { addressPrefix: '10.0.1.0/24' } }],
    };
    const network = ['--resource-type', 'Microsoft.Network/virtualNetworks', '-n', 'net', '-g', 'images'];
    const created = await az.json('resource', 'create', ...network, '--properties', JSON.stringify(properties));
    expect(created).toMatchObject({ properties: { provisioningState: 'Succeeded', subnets: [{ name: 'build' }] } });

    const catalogue = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/locations/westus2/publishers`;
    const rest = (path: string) =>
      az.json('rest', '--method', 'get', '--url', `${catalogue}${path}?api-version=2022-11-01`);
    const [publishers, skus, found] = await Promise.all([
      rest(''),
      rest('/Test/artifacttypes/vmimage/offers/endless/skus'),
      rest('/Test/artifacttypes/vmimage/offers/endless/skus/disk/versions'),
    ]);
    expect(publishers).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'Test' })]));
    expect([skus, found]).toMatchObject([[{ name: 'disk' }], [{ name: '1.0.0' }]]);
  });

  test('makes image templates: by flags, of a file, and piece by piece', async () => {
    const image = ['--image-source', 'Test:endless:disk:latest', '--identity', IDENTITY];
    const builder = (verb: string, name: string, ...args: readonly string[]) =>
      az.json('image', 'builder', ...verb.split(' '), '-g', 'images', '-n', name, ...args);
    const file = await on.site.write('template.json', template());
    const [flags, whole] = await Promise.all([
      builder(
        'create',
        'flags',
        ...image,
        '--scripts',
        `${on.web}/hello.sh`,
        '--shared-image-destinations',
        'site/web=westus2',
      ),
      builder('create', 'file', '--image-template', file),
    ]);
    expect(flags).toMatchObject({
      ...{ provisioningState: 'Succeeded', location: 'westus2', source: { ...source, exactVersion: '1.0.0' } },
      customize: [
        { type: 'Shell', scriptUri: `${on.web}/hello.sh`, sha256Checksum: expect.stringMatching(/^\w{64}$/) },
      ],
      distribute: [{ type: 'SharedImage', replicationRegions: ['westus2'], runOutputName: 'web' }],
    });
    expect(whole).toMatchObject({
      provisioningState: 'Succeeded',
      distribute: [{ type: 'VHD', runOutputName: 'disk' }],
    });

    await builder('create', 'pieces', ...image, '--defer');
    const defer = ['--defer'];
    const customizer = ['--customizer-name', 'hello', '--type', 'shell', '--inline-script', 'echo hello', ...defer];
    await builder('customizer add', 'pieces', ...customizer);
    await builder('output add', 'pieces', '--managed-image', 'web', '--managed-image-location', 'westus2', ...defer);
    await builder('output add', 'pieces', '--output-name', 'disk', '--is-vhd', ...defer);
    await builder('validator add', 'pieces', '--continue-distribute-on-failure', 'true', ...defer);
    expect(await builder('update', 'pieces')).toMatchObject({
      customize: [{ type: 'Shell', name: 'hello', inline: ['echo hello'] }],
      distribute: [
        { type: 'ManagedImage', runOutputName: 'web' },
        { type: 'VHD', runOutputName: 'disk' },
      ],
      validate: { continueDistributeOnFailure: true },
    });
    const [shown, list, runs] = await Promise.all([
      builder('show', 'FILE'),
      az.json('image', 'builder', 'list', '-g', 'images', '--query', '[].name'),
      builder('show-runs', 'pieces'),
    ]);
    expect([shown, list, runs]).toEqual([whole, ['file', 'flags', 'pieces'], []]);
    const again = ['image', 'builder', 'create', ...image, '-g', 'images', '-n', 'file'];
    expect(await az.refused(...again, '--managed-image-destinations', 'web=westus2')).toContain('Conflict');
    expect(await az.refused('image', 'builder', 'show', '-g', 'images', '-n', 'nonesuch')).toContain(
      'ResourceNotFound',
    );
    const lost = [
      'image',
      'builder',
      'create',
      ...image,
      '-g',
      'images',
      '-n',
      'lost',
      '--managed-image-destinations',
      'web=westus2',
    ];
    expect(await az.refused(...lost, '--scripts', `${on.web}/lost.sh`)).toContain('lost.sh does not exist');
    await builder('delete', 'lost');
  });

  test('gives a template its identity, and cannot take the only one away', async () => {
    const identity = ['image', 'builder', 'identity'];
    const of = ['-g', 'images', '-n', 'flags'];
    expect(await az.json(...identity, 'assign', ...of, '--user-assigned', 'builder')).toMatchObject({
      type: 'UserAssigned',
    });
    expect(await az.refused(...identity, 'assign', ...of, '--user-assigned', 'spare')).toContain(
      'a single identity only',
    );
    expect(await az.refused(...identity, 'remove', ...of, '--user-assigned', '--yes')).toContain(
      'Managed identity is required',
    );
    const spare = IDENTITY.replace('builder', 'spare');
    const change = { identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: null, [spare]: {} } } };
    const patch = ['rest', '--method', 'patch', '--url', `${TEMPLATES}/flags?api-version=2022-02-14`];
    await az.json(...patch, '--body', JSON.stringify(change));
    expect(await az.json(...identity, 'show', ...of, '--query', 'keys(userAssignedIdentities)')).toEqual([spare]);
    expect(await az.refused('identity', 'delete', '-g', 'images', '-n', 'spare')).toContain('ResourceInUse');
  });

  test('runs a template, waits for it, cancels the run, and deletes it', async () => {
    const builder = (verb: string, ...args: readonly string[]) =>
      az.json('image', 'builder', verb, '-g', 'images', '-n', 'file', ...args);
    await builder('run', '--no-wait');
    await builder('wait', '--custom', "lastRunStatus.runSubState=='Building'", '--interval', '1', '--timeout', '60');
    expect(await az.refused('image', 'builder', 'delete', '-g', 'images', '-n', 'file')).toContain(
      'OperationNotAllowed',
    );
    await builder('cancel');
    await builder('wait', '--custom', NOT_RUNNING, '--interval', '1', '--timeout', '60');
    expect(await builder('show', '--query', 'lastRunStatus')).toMatchObject({
      runState: 'Canceled',
      runSubState: null,
    });

    // Whoever waits for the run is told how it ended.
    const waiting = az.refused('image', 'builder', 'run', '-g', 'images', '-n', 'file');
    await builder('wait', '--custom', "lastRunStatus.runState=='Running'", '--interval', '1', '--timeout', '60');
    await builder('cancel');
    expect(await waiting).toMatch(/cancel/i);
    await builder('delete');
    await builder('wait', '--deleted', '--interval', '1', '--timeout', '60');
  });

  test('does the same with the generic commands for resources', async () => {
    const of = ['-g', 'images', '--resource-type', TYPE, '-n', 'generic'];
    const file = await on.site.write('generic.json', template());
    const create = [
      'resource',
      'create',
      ...of,
      '--properties',
      `@${file}`,
      '--is-full-object',
      '--api-version',
      '2024-02-01',
    ];
    const made = { id: `${TEMPLATES}/generic`, properties: { provisioningState: 'Succeeded' } };
    expect(await az.json(...create)).toMatchObject(made);
    const [shown, list] = await Promise.all([
      az.json('resource', 'show', ...of),
      az.json('resource', 'list', '-g', 'images', '--resource-type', TYPE, '--query', '[].name'),
    ]);
    expect([shown, list]).toMatchObject([made, ['flags', 'generic', 'pieces']]);
    // Both send the whole template again, which does not change one.
    const [tagged, updated] = await Promise.all([
      az.refused('resource', 'tag', ...of, '--tags', 'a=b'),
      az.refused('resource', 'update', ...of, '--set', 'tags.a=b'),
    ]);
    expect([tagged, updated]).toEqual([expect.stringContaining('Conflict'), expect.stringContaining('Conflict')]);

    const trigger = `${TEMPLATES}/generic/triggers/newer`;
    const kind = ['--properties', '{"kind":"SourceImage"}', '--api-version', '2022-07-01'];
    expect(await az.json('resource', 'create', '--id', trigger, ...kind)).toMatchObject({ id: trigger });
    await az.json('resource', 'delete', '--ids', trigger, '--api-version', '2022-07-01');

    const run = az.run('resource', 'invoke-action', ...of, '--action', 'Run');
    const wait = ['resource', 'wait', ...of, '--interval', '1', '--timeout', '60', '--custom'];
    await az.json(...wait, "properties.lastRunStatus.runState=='Running'");
    await az.json('resource', 'invoke-action', ...of, '--action', 'Cancel');
    const { exitCode, stderr } = await run;
    expect(exitCode, stderr).not.toBe(0);
    await az.json(...wait, "properties.lastRunStatus.runState=='Canceled'");
    await az.json('resource', 'delete', ...of);
    expect(await az.refused('resource', 'show', ...of)).toContain('ResourceNotFound');
  });

  test('deploys a gallery, a definition and an image template at once', async () => {
    // With what JSON does not have: az sends the file as it is.
    const text = `// A web server's image.
${JSON.stringify(DEPLOYMENT, undefined, 2)}`;
    const file = ['-g', 'images', '--template-file', await on.site.write('deployment.json', text)];
    const group = ['deployment', 'group'];
    const parameters = ['--parameters', 'name=deployed', `identity=${IDENTITY}`];
    expect(await az.refused(...group, 'validate', ...file)).toContain('Missing input parameters: identity, name');
    const [valid, foreseen] = await Promise.all([
      az.json(...group, 'validate', ...file, ...parameters),
      az.json(...group, 'what-if', ...file, ...parameters, '--no-pretty-print'),
    ]);
    expect(valid).toMatchObject({ error: null, properties: { provisioningState: 'Succeeded' } });
    const { changes } = foreseen as { readonly changes: readonly { readonly changeType: string }[] };
    expect(changes.filter(({ changeType }) => changeType === 'Create')).toHaveLength(3);
    const done = await az.json(...group, 'create', ...file, ...parameters);
    expect(done).toMatchObject({
      name: 'deployment',
      properties: { provisioningState: 'Succeeded', outputs: { template: { value: `${TEMPLATES}/deployed` } } },
    });
    const [shown, operations, template] = await Promise.all([
      az.json(...group, 'show', '-g', 'images', '-n', 'deployment', '--query', 'properties.provisioningState'),
      az.json('deployment', 'operation', 'group', 'list', '-g', 'images', '-n', 'deployment'),
      az.json('image', 'builder', 'show', '-g', 'images', '-n', 'deployed'),
    ]);
    expect([shown, template]).toMatchObject([
      'Succeeded',
      { provisioningState: 'Succeeded', distribute: [{ type: 'SharedImage' }] },
    ]);
    const targets = (
      operations as readonly { properties: { targetResource: { resourceName: string } | null } }[]
    ).flatMap(({ properties }) => properties.targetResource?.resourceName ?? []);
    expect(targets.sort()).toEqual(['deployed', 'deployed', 'deployed/web']);
    await az.json(...group, 'delete', '-g', 'images', '-n', 'deployment');
    expect(await az.refused(...group, 'show', '-g', 'images', '-n', 'deployment')).toContain('DeploymentNotFound');
  });

  test('cleans up: a group goes with all that is in it', async () => {
    await az.json('group', 'delete', '-n', 'images', '--yes');
    expect(await az.json('group', 'list')).toEqual([]);
    expect(await az.json('resource', 'list')).toEqual([]);
  });
});
