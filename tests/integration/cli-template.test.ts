import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { example, IMAGE_ID } from '../../src/template/example.fixture.ts';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';

const SOURCE = { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' };
const BAD = `{
  "apiVersion": "2022-07-01",
  "location": 5,
  "properties": { "x": 1 }
}
`;

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
    const targets = await site.write('targets.json', example({ source: SOURCE, distribute }));
    expect((await site.kiln('validate', targets)).exitCode).toBe(0);
    const strict = await site.kiln('validate', '--strict', targets);
    expect(strict.exitCode).toBe(2);
    expect(strict.stderr).toContain('error ResourceGroupMissing: ');
    expect(strict.stderr).toContain('at properties.distribute[0]');
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
    expect(await site.json('runs', 'list')).toEqual([]);
  });
});
