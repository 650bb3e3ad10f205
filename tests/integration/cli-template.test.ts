import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { example, IDENTITY_ID, IMAGE_ID, SHA } from '../../src/template/example.fixture.ts';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';

const SOURCE = { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' };
const BAD = `{
  "apiVersion": "2022-07-01",
  "location": 5,
  "properties": { "x": 1 }
}
`;

const ASSIGNED = { identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY_ID]: {} } } };
const OLD = { apiVersion: '2019-05-01-preview' };
const ISO = { type: 'ISO', sourceUri: 'https://example.com/rhel.iso?sig=secret', sha256Checksum: SHA };
const NO_ISO = { code: 'IsoSourceUnsupported', target: 'properties.source', severity: 'warning', line: 9 };

let site: CliSite;
beforeAll(async () => {
  site = await cliSite();
  expect(await addSmallSource(site, 'Test:small:disk')).toMatchObject({ exitCode: 0 });
});
afterAll(() => site[Symbol.asyncDispose]());

const filesBelow = (directory: string) => readdir(directory, { recursive: true }).catch(() => []);

describe('a template with problems', () => {
  test.each(['build', 'plan', 'validate'])('%s names the place of each', async command => {
    const file = await site.write('bad.json', BAD);
    const { exitCode, stdout, stderr } = await site.kiln(command, file);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      `${file}:3:15: error: \`location\` must be a string, not \`5\`. (location)`,
      `${file}:4:17: error: \`source\` is needed. (properties.source)`,
      `${file}:4:17: error: \`distribute\` is needed. (properties.distribute)`,
      `${file}:4:19: warning: API version 2022-07-01 does not define \`x\` here. It is ignored. (properties.x)`,
      `error ValidationFailed: Validation failed: 'ImageTemplate': Field 'location' has a bad value: '5'. Please review  http://aka.ms/azvmimagebuildertmplref  for details on fields requirements in the Image Builder Template. \`location\` must be a string, not \`5\`. ${file} has 3 problems.`,
      expect.stringContaining(`\`kiln validate ${file}\` checks again`),
    ]);
  });

  test('one that is not JSON is no different', async () => {
    const file = await site.write('cut-off.json', '{\n  "a":');
    const { exitCode, stderr } = await site.kiln('validate', '--offline', file);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${file}:2:7: error: This is not JSON`);
    expect(stderr).toMatch(/^error ValidationFailed: This is not JSON: .*cut-off\.json has a problem\.$/m);
  });

  test('validate prints them as JSON, with lines and columns', async () => {
    const { exitCode, stdout, stderr } = await site.kiln(
      'validate',
      '--output',
      'json',
      await site.write('bad.json', BAD),
    );
    expect([exitCode, stderr]).toEqual([2, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      error: {
        code: 'ValidationFailed',
        details: [{ target: 'location', line: 3, column: 15 }, { code: 'MissingField' }, {}, { severity: 'warning' }],
      },
    });
  });

  test.each([
    ['build', { runId: null, status: 'Failed', steps: [], runOutputs: [], logs: {} }],
    ['plan', {}],
  ])('%s --output json has them in its document, and says them on stderr', async (command, more) => {
    const { exitCode, stdout, stderr } = await site.kiln(
      command,
      await site.write('bad.json', BAD),
      '--output',
      'json',
    );
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/^error ValidationFailed: .*\n {2}location: .*line 3/),
    ]);
    const details = [
      { target: 'location', line: 3, column: 15 },
      { code: 'MissingField' },
      {},
      { severity: 'warning' },
    ];
    expect(JSON.parse(stdout)).toMatchObject({ ...more, error: { code: 'ValidationFailed', details } });
  });

  test('a run is not made for it', async () => {
    expect(await site.json('runs', 'list')).toEqual([]);
  });

  test('a file that is not there', async () => {
    const { exitCode, stderr } = await site.kiln('build', join(site.root, 'absent.json'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error TemplateUnreadable: ');
  });
});

describe('validate', () => {
  test('a good template is valid, and so it is said', async () => {
    const file = await site.write('good.json', example({ source: SOURCE }));
    expect(await site.kiln('validate', file)).toEqual({ exitCode: 0, stdout: '', stderr: `${file} is valid.` });
    expect(await site.json('validate', file)).toEqual({ valid: true, warnings: [] });
  });

  test('a warning does not make it invalid', async () => {
    const file = await site.write('warned.json', example({ source: SOURCE, x: 1 }, { apiVersion: '2022-07-01' }));
    const { exitCode, stderr } = await site.kiln('validate', file);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/warned\.json:\d+:5: warning: .*\n.*warned\.json is valid\.$/);
  });

  test('without --offline the source, the scripts and the targets are looked at', async () => {
    const missing = { ...SOURCE, sku: 'nonesuch' };
    const source = await site.write('source.json', example({ source: missing }));
    const script = { type: 'Shell', name: 'absent', scriptUri: 'absent.sh' };
    const customize = await site.write('script.json', example({ source: SOURCE, customize: [script] }));
    for (const [file, code] of [
      [source, 'BadPIRSource'],
      [customize, 'ArtifactNotFound'],
    ] as const) {
      expect((await site.kiln('validate', '--offline', file)).exitCode).toBe(0);
      const { exitCode, stderr } = await site.kiln('validate', file);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain(`error ${code}: `);
    }
    const distribute = [{ type: 'ManagedImage', runOutputName: 'i', location: 'local', imageId: IMAGE_ID }];
    const targets = await site.write('targets.json', example({ source: SOURCE, distribute }, ASSIGNED));
    expect((await site.kiln('validate', targets)).exitCode).toBe(0);
    const strict = await site.kiln('validate', '--strict', targets);
    expect(strict.exitCode).toBe(2);
    expect(strict.stderr).toContain('error ResourceGroupMissing: ');
    expect(strict.stderr).toContain('at properties.distribute[0]');
  });

  test('with --offline, what the template alone decides is looked at', async () => {
    const to = (...uris: string[]) => uris.map((uri, i) => ({ type: 'VHD', runOutputName: `disk${i}`, uri }));
    const blob = 'https://images.blob.core.windows.net/vhds/web.vhd';
    for (const [distribute, code, target] of [
      [to('https://images.blob.core.windows.net/vhds/../x.vhd'), 'ValidationFailed', '[0]'],
      [to(blob, blob), 'TargetTwice', '[1]'],
    ] as const) {
      const file = await site.write('vhd.json', example({ source: SOURCE, distribute }));
      const { exitCode, stdout } = await site.kiln('validate', '--offline', file, '--output', 'json');
      expect(exitCode).toBe(2);
      const details = [{ target: `properties.distribute${target}.uri`, line: expect.any(Number) }];
      expect(JSON.parse(stdout)).toMatchObject({ valid: false, error: { code, details } });
    }
    const iso = await site.write('iso.json', example({ source: ISO, customize: [] }, OLD));
    expect(await site.json('validate', '--offline', iso)).toMatchObject({
      warnings: expect.arrayContaining([expect.objectContaining(NO_ISO)]),
    });
  });

  test('a path of Windows on Linux is refused by its place, a path of Linux is not', async () => {
    await site.write('site.conf', 'x');
    const step = { type: 'File', sourceUri: 'site.conf', destination: 'C:\\site.conf' };
    const file = await site.write('drive.json', example({ source: SOURCE, customize: [step] }));
    expect((await site.kiln('validate', '--offline', file)).exitCode).toBe(0);
    for (const command of ['validate', 'plan', 'build']) {
      const { exitCode, stdout } = await site.kiln(command, file, '--output', 'json');
      const details = [{ target: 'properties.customize[0].destination', line: expect.any(Number) }];
      expect([exitCode, JSON.parse(stdout)]).toMatchObject([2, { error: { code: 'DestinationMisfit', details } }]);
    }
  });

  test('a file of this machine has to lie below the template or a directory that is allowed', async () => {
    await using other = await cliSite();
    const script = await other.write('setup.sh', '#!/bin/sh\n');
    const step = { type: 'Shell', name: 'elsewhere', scriptUri: `file://${script}` };
    const file = await site.write('elsewhere.json', example({ source: SOURCE, customize: [step] }));
    const refused = await site.kiln('validate', file);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('error FileUriDenied: ');
    expect(await site.kiln('validate', '--allow-dir', other.root, file)).toMatchObject({ exitCode: 0 });
  });
});

describe('plan', () => {
  test('shows the exact source, the steps with their digests and the targets, and leaves nothing behind', async () => {
    await site.write('setup.sh', '#!/bin/sh\n');
    const customize = [{ type: 'Shell', name: 'sets-up', scriptUri: 'setup.sh' }];
    const file = await site.write('planned.json', example({ source: SOURCE, customize }));
    const runs = await site.json('runs', 'list');
    const { exitCode, stdout, stderr } = await site.kiln('plan', file);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Template {4}planned /);
    expect(stdout).toMatch(/Source {6}Test:small:disk:1\.0\.0\n +kdt1:[0-9a-f]{64}\n +Linux, generation 2, 8\.0 MiB/);
    expect(stdout).toMatch(/\[1\/1\] Shell sets-up\n +setup\.sh \(10 B, sha256:[0-9a-f]{64}\)/);
    expect(stdout).toContain('  disk: VHD');
    const plan = (await site.json('plan', file)) as { hash: string };
    expect(stdout).toContain(`Plan        sha256:${plan.hash}`);
    expect(await filesBelow(site.home.downloads)).toEqual([]);
    expect((await filesBelow(join(site.home.sources, 'uses'))).filter(name => name.includes('/'))).toEqual([]);
    expect(await site.json('runs', 'list')).toEqual(runs);
  });

  const WINDOWS = { ...SOURCE, publisher: 'MicrosoftWindowsServer', offer: 'WindowsServer', sku: '2019-Datacenter' };
  test.each([
    ['an installation medium', ISO, OLD, [], 'https://example.com/rhel.iso?***', NO_ISO, NO_ISO.code],
    [
      'an image of Windows that there is not',
      WINDOWS,
      {},
      [{ type: 'PowerShell', name: 'greets', inline: ['dir'] }],
      'MicrosoftWindowsServer:WindowsServer:2019-Datacenter:latest',
      { code: 'WindowsSourceUnavailable', target: 'properties.source', severity: 'warning', line: 9 },
      'BadPIRSource',
    ],
  ])(
    'of %s shows all the rest, and a build refuses it',
    async (_, source, resource, customize, sourceName, warning, refused) => {
      const file = await site.write('sourceless.json', example({ source, customize }, resource));
      const { exitCode, stdout, stderr } = await site.kiln('plan', file);
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toContain(`Source      ${sourceName}\n            cannot be had here`);
      expect(stdout).toContain('  disk: VHD');
      expect(stdout).not.toContain('sha256:');
      expect(stderr).toMatch(/sourceless\.json:9:\d+: warning: .* \(properties\.source\)$/m);
      const nothing = { hash: null, source: null, machine: null, sourceName };
      expect(await site.json('plan', file)).toMatchObject({ ...nothing, obstacles: [warning] });
      const { warnings } = (await site.json('validate', file)) as { readonly warnings: readonly object[] };
      expect(warnings).toContainEqual(expect.objectContaining(warning));
      const build = await site.kiln('build', file);
      expect([build.exitCode, build.stderr]).toEqual([2, expect.stringContaining(`error ${refused}: `)]);
    },
  );

  test('of steps that do not fit such a source is an error', async () => {
    const file = await site.write('misfit.json', example({ source: WINDOWS }));
    const { exitCode, stderr } = await site.kiln('plan', file);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('error UnsupportedCustomizerType: ')]);
  });
});
