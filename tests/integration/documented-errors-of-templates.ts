import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { execa } from 'execa';
import { expect } from 'vitest';
import { SHARED_IMAGE, shell, template, VHD } from './build-fixture.ts';
import type { CliSite } from './cli-fixture.ts';
import { type Cause, refusal } from './documented-errors-fixture.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tests';
const COMPUTE = `${GROUP}/providers/Microsoft.Compute`;
const SUBNET = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/build`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
const REVIEW = 'http://aka.ms/azvmimagebuildertmplref';

/** What the service says when a template is submitted, caused on the command line. */
export const OF_TEMPLATES: readonly Cause[] = [
  {
    ids: [1],
    name: 'a field with a bad value',
    run: async ({ cli }) => {
      const imageId = `${COMPUTE}/galleries/site`;
      const error = await refusal(cli, 'validate', template({ source: { type: 'ManagedImage', imageId } }));
      beginsWith(
        error.message,
        `Validation failed: 'ImageTemplate.properties.source': Field 'imageId' has a bad value: '${imageId}'. ` +
          `Please review  ${REVIEW}  for details on fields requirements in the Image Builder Template. \`imageId\` must be`,
      );
      const detail = { code: 'BadManagedImageSource', target: 'properties.source.imageId', line: 11 };
      expect(error).toMatchObject({ exitCode: 2, target: detail.target, details: [detail] });
      return [error.code];
    },
  },
  {
    ids: [2],
    name: 'a required field that is missing; only the identity may be',
    run: async ({ cli }) => {
      const error = await refusal(cli, 'validate', template({ distribute: undefined }));
      beginsWith(
        error.message,
        "Validation failed: 'ImageTemplate.properties': Missing field 'distribute'. " +
          `Please review ${REVIEW} for details on fields required in the Image Builder Template.`,
      );
      const detail = { code: 'MissingField', target: 'properties.distribute' };
      expect(error).toMatchObject({ exitCode: 2, target: detail.target, details: [detail] });
      const file = await cli.write('without.json', { ...template({}), identity: undefined });
      const warnings = [{ code: 'MissingIdentity', target: 'identity', severity: 'warning' }];
      expect(await cli.json('validate', file)).toMatchObject({ valid: true, warnings });
      return [error.code];
    },
  },
  {
    ids: [3],
    name: 'a type in the wrong case',
    run: async ({ cli }) => {
      const error = await refusal(
        cli,
        'validate',
        template({ distribute: [{ ...SHARED_IMAGE, type: 'sharedImage' }] }),
      );
      beginsWith(
        error.message,
        "Validation failed: 'ImageTemplate.properties': Field 'distribute[0].type' has a bad value: ''. ",
      );
      expect(error.message).toContain('Did you mean `SharedImage`?');
      expect(error).toMatchObject({ exitCode: 2, details: [{ code: 'BadDistributeType' }] });
      return [error.code];
    },
  },
  {
    ids: [4],
    name: 'a name in the wrong case, which only the newer versions refuse',
    run: async ({ cli }) => {
      const wrong = template({ optimize: { vmboot: { state: 'Disabled' } } });
      const error = await refusal(cli, 'validate', wrong, '--offline');
      beginsWith(
        error.message,
        'Unmarshalling entity encountered error: unmarshalling type *v2024_02_01.ImageTemplate: ' +
          'struct field Properties: unknown field "vmboot". ' +
          'There is an issue with the syntax with the JSON template you are submitting. ',
      );
      expect(error.message).toContain('Did you mean `vmBoot`?');
      expect(error).toMatchObject({ exitCode: 2, details: [{ target: 'properties.optimize.vmboot' }] });
      const older = await cli.write('older.json', { ...wrong, apiVersion: '2022-07-01' });
      expect(await cli.json('validate', '--offline', older)).toEqual({ valid: true, warnings: [] });
      return [error.code];
    },
  },
  {
    ids: [7],
    name: 'a script that the server gives to others only',
    run: ({ cli }) =>
      onServer(cli, async server => {
        const error = await refusal(cli, 'validate', template({ customize: [script(`${server}/private.sh`)] }));
        expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('HTTP 403 AuthorizationFailure') });
        expect(error.todo).toContain('The server wants a permission');
        return [error.code];
      }),
  },
  {
    ids: [8],
    name: 'a staging resource group that has something in it',
    run: async ({ cli, site }) => {
      const image = { type: 'ManagedImage', imageId: `${COMPUTE}/images/there`, location: 'local' };
      const before = await site.build({ distribute: [{ ...image, runOutputName: 'there' }] });
      expect(before.status).toBe('Succeeded');
      const error = await refusal(cli, 'validate', template({ stagingResourceGroup: GROUP }));
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.stagingResourceGroup' });
      expect(error.message).toContain(`it is not empty: ${image.imageId} is in it`);
      return [error.code];
    },
  },
  {
    ids: [9],
    name: 'a managed image that cannot be had',
    run: async ({ cli }) => {
      const imageId = `${COMPUTE}/images/absent`;
      const error = await refusal(cli, 'validate', template({ source: { type: 'ManagedImage', imageId } }));
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.source' });
      beginsWith(
        error.message,
        `Build (Managed Image) step failed: Error getting Managed Image '${imageId}': Error getting managed image ` +
          '(tests:absent): compute.ImagesClient#Get: Failure responding to request: StatusCode=404',
      );
      return [error.code];
    },
  },
  {
    ids: [10],
    name: 'a gallery version that there is not',
    run: async ({ cli }) => {
      const imageVersionId = `${COMPUTE}/galleries/site/images/absent/versions/0.23768.4001`;
      const source = { type: 'SharedImageVersion', imageVersionId };
      const error = await refusal(cli, 'validate', template({ source }));
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.source' });
      beginsWith(
        error.message,
        `Build (Shared Image Version) step failed for Image Version '${imageVersionId}': ` +
          `Error getting Image Version '${imageVersionId}': Error getting image version ` +
          "'tests:site:absent:0.23768.4001': compute.GalleryImageVersionsClient#Get: Failure responding to request: " +
          'StatusCode=404 -- Original Error: autorest/azure: Service returned an error. Status=404 ' +
          'Code="ResourceNotFound" Message="The Resource \'Microsoft.Compute/galleries/site/images/absent/versions/' +
          "0.23768.4001' under resource group 'tests' was not found.\"",
      );
      return [error.code];
    },
  },
  {
    ids: [11],
    name: 'a script that is not there, and one on a server that has no cipher suite in common with us',
    run: ({ cli }) =>
      onServer(cli, async (plain, encrypted) => {
        const wanted = template({ customize: [script(`${plain}/absent.sh`), script(`${encrypted}/setup.sh`)] });
        const problems = [`${plain}/absent.sh does not exist (HTTP 404).`, `${encrypted}/setup.sh could not be`];
        const details = problems.map((message, i) => ({
          target: `properties.customize[${i}].scriptUri`,
          message: expect.stringContaining(message),
        }));
        const error = await refusal(cli, 'validate', wanted);
        expect(error).toMatchObject({ exitCode: 1, details });
        expect(error.details?.[1]?.message).toMatch(/\(TLS: [a-z0-9/ ]+; attempts: 1\)\.$/);
        // A run finds the same, before it boots a machine.
        expect(await refusal(cli, 'build', wanted)).toEqual(error);
        return (error.details ?? []).map(({ code }) => code);
      }),
  },
  {
    ids: [12],
    name: 'a subnet of Azure for a Windows build with a staging group of its own',
    run: async ({ cli }) => {
      const source = await windowsSource(cli);
      const vmProfile = { vnetConfig: { subnetId: SUBNET } };
      const wanted = template({ source, vmProfile, stagingResourceGroup: `${GROUP}-staging`, customize: [UPDATE] });
      const error = await refusal(cli, 'build', wanted);
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.vmProfile.vnetConfig.subnetId' });
      return [error.code];
    },
  },
  {
    ids: [6],
    name: 'an identity for the build VM',
    run: async ({ cli }) => {
      const error = await refusal(cli, 'build', template({ vmProfile: { userAssignedIdentities: [IDENTITY] } }));
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.vmProfile.userAssignedIdentities[0]' });
      return [error.code];
    },
  },
  {
    ids: [15],
    name: 'a template without an identity, which only --strict refuses',
    run: async ({ cli }) => {
      const without = { ...template({}), identity: { type: 'None' } };
      const file = await cli.write('without.json', without);
      expect(await cli.json('validate', file)).toEqual({ valid: true, warnings: [] });
      const error = await refusal(cli, 'build', without, '--strict');
      beginsWith(error.message, 'Managed identity is required for building this template using current API version.');
      expect(error).toMatchObject({ exitCode: 2, target: 'identity', details: [{ target: 'identity', line: 5 }] });
      const missing = await refusal(cli, 'validate', { ...without, identity: undefined }, '--strict', '--offline');
      beginsWith(missing.message, "Validation failed: 'ImageTemplate': Missing field 'identity'.");
      const assigned = { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } };
      const strict = await cli.write('assigned.json', { ...without, identity: assigned });
      expect(await cli.json('validate', strict, '--strict', '--offline')).toEqual({ valid: true, warnings: [] });
      const older = await cli.write('older.json', {
        ...without,
        apiVersion: '2019-05-01-preview',
        identity: undefined,
      });
      expect(await cli.json('validate', older, '--strict', '--offline')).toMatchObject({ valid: true });
      return [error.code];
    },
  },
  {
    ids: [29],
    name: 'a time limit below six minutes',
    run: async ({ cli }) => {
      const limited = (minutes: number) => template({ buildTimeoutInMinutes: minutes });
      const refused = await refusal(cli, 'validate', limited(5), '--offline');
      expect(refused).toMatchObject({ exitCode: 2, target: 'properties.buildTimeoutInMinutes' });
      expect(refused.message).toContain('must be 6 to 960, or 0 for 240 minutes');
      const file = await cli.write('six.json', limited(6));
      expect(await cli.json('validate', '--offline', file)).toEqual({ valid: true, warnings: [] });
      return [refused.code];
    },
  },
  {
    ids: [30, 31, 32, 34, 35],
    name: 'updates of a Windows source',
    run: async ({ cli }) => {
      const customize = [UPDATE, { type: 'WindowsRestart', name: 'restarts' }];
      const misfit = await refusal(cli, 'build', template({ customize }));
      expect(misfit.details).toMatchObject([
        { code: 'UnsupportedCustomizerType', target: 'properties.customize[0].type' },
        { code: 'UnsupportedCustomizerType', target: 'properties.customize[1].type' },
      ]);
      const error = await refusal(cli, 'build', template({ customize, source: await windowsSource(cli) }));
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.source' });
      return [error.code];
    },
  },
  {
    ids: [51],
    name: 'a target without a field that it needs',
    run: async ({ cli }) => {
      const { runOutputName: _, ...target } = SHARED_IMAGE;
      const error = await refusal(cli, 'validate', template({ distribute: [VHD, target] }), '--offline');
      beginsWith(
        error.message,
        "Validation failed: 'ImageTemplate.properties.distribute[1]': Missing field 'runOutputName'. " +
          `Please review ${REVIEW} for details on fields required in the Image Builder Template.`,
      );
      expect(error).toMatchObject({ exitCode: 2, target: 'properties.distribute[1].runOutputName' });
      return [error.code];
    },
  },
];

const UPDATE = { type: 'WindowsUpdate', name: 'updates', searchCriteria: 'IsInstalled=0' };

function beginsWith(message: string, sentence: string): void {
  expect(message.slice(0, sentence.length)).toBe(sentence);
}

function script(scriptUri: string): object {
  return { ...shell('fetched'), inline: undefined, scriptUri };
}

/** A source that is said to be Windows: an empty disk, which nothing will boot. */
async function windowsSource(cli: CliSite): Promise<object> {
  const [file, name] = [`${cli.root}/windows.raw`, 'Test:small:windows'];
  await execa('truncate', ['-s', '8M', file]);
  const added = await cli.kiln('source', 'add', name, file, '--version', '1.0.0', '--format', 'raw', '--os', 'Windows');
  // Another case may have brought it.
  expect(added.stderr).toMatch(/^$|SourceExists/);
  const [publisher, offer, sku] = name.split(':');
  return { type: 'PlatformImage', publisher, offer, sku, version: 'latest' };
}

/** Two servers that the site allows: one that has a private file and nothing else, and one that cannot agree on a cipher suite. */
async function onServer<T>(cli: CliSite, work: (plain: string, encrypted: string) => Promise<T>): Promise<T> {
  const plain = createServer(({ url }, answer) => {
    if (url === '/private.sh') answer.writeHead(403, { 'x-ms-error-code': 'AuthorizationFailure' }).end();
    else answer.writeHead(404).end();
  });
  // Without a certificate there is no suite that it could offer.
  const encrypted = createTlsServer();
  await cli.write('home/config.yaml', 'network:\n  allow: [127.0.0.1]\n');
  try {
    return await work(`http://${await listen(plain)}`, `https://${await listen(encrypted)}`);
  } finally {
    for (const server of [plain, encrypted]) await new Promise(resolve => server.close(resolve));
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}
