import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BuildSite,
  buildSite,
  type FinishedBuild,
  MANAGED_IMAGE,
  SHARED_IMAGE,
  shell,
  VHD,
} from './build-fixture.ts';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';

describe('an empty home', () => {
  let site: CliSite;
  beforeAll(async () => {
    site = await cliSite();
  });
  afterAll(() => site[Symbol.asyncDispose]());

  test('has no runs and no images', async () => {
    expect(await site.json('runs', 'list')).toEqual([]);
    expect(await site.json('image', 'list')).toEqual([]);
    expect(await site.kiln('runs', 'list')).toMatchObject({ exitCode: 0, stdout: 'There are no runs yet.' });
    expect(await site.kiln('runs', 'clean')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test.each([
    [['logs'], 'RunNotFound'],
    [['ssh'], 'RunNotFound'],
    [['image', 'show', 'web'], 'ImageNotFound'],
    [['source', 'rm', 'A:b:c'], 'SourceNotHere'],
    [['source', 'pull', 'A:b:c'], 'SourceUnknown'],
  ])('%j names what is not there', async (args, code) => {
    const { exitCode, stdout, stderr } = await site.kiln(...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^error ${code}: .*\\n +\\S`));
  });

  test('a disk is added, listed, and removed', async () => {
    const listed = async () => {
      const all = (await site.json('source', 'list')) as readonly { name: string; here: boolean }[];
      return all.find(({ name }) => name === 'Mine:small:disk');
    };
    expect(await listed()).toBeUndefined();
    const added = await addSmallSource(site, 'Mine:small:disk');
    expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    const [, digest] = /^Mine:small:disk:1\.0\.0 .*(kdt1:[0-9a-f]{64})$/.exec(added.stdout) ?? [];
    expect(await listed()).toMatchObject({ version: '1.0.0', here: true, digest });
    expect((await addSmallSource(site, 'mine:SMALL:disk')).stderr).toContain('error SourceExists: ');
    expect(await site.kiln('source', 'rm', 'Mine:small:disk')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await listed()).toBeUndefined();
  });

  test('a disk of another format than stated is refused', async () => {
    const file = await site.write('text.qcow2', 'this is no disk');
    const { exitCode, stderr } = await site.kiln(
      'source',
      'add',
      'A:b:c',
      file,
      '--version',
      '1.0.0',
      '--format',
      'qcow2',
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error DiskRefused: ');
  });
});

describe('a home in which builds have run', () => {
  let builds: BuildSite;
  let site: CliSite;
  let good: FinishedBuild;
  let bad: FinishedBuild;
  beforeAll(async () => {
    builds = await buildSite();
    site = await cliSite(builds.root);
    bad = await builds.build({ customize: [shell('fails', 'echo last words', 'exit 7')] });
    good = await builds.build({ distribute: [VHD, MANAGED_IMAGE, SHARED_IMAGE] });
  });
  afterAll(() => builds[Symbol.asyncDispose]());

  test('runs are listed, the newest first, and shown', async () => {
    expect(await site.json('runs', 'list')).toMatchObject([
      { id: good.runId, status: 'Succeeded' },
      { id: bad.runId, status: 'Failed' },
    ]);
    const text = (await site.kiln('runs', 'list')).stdout;
    expect(text.indexOf(good.runId)).toBeLessThan(text.indexOf(bad.runId));
    expect(await site.json('runs', 'show')).toMatchObject({
      ...{ id: good.runId, status: 'Succeeded', templateName: 'test', keptUntil: null },
      logs: { customization: good.directory.customizationLog, events: good.directory.events },
    });
    const shown = (await site.json('runs', 'show', 'last')) as {
      runOutputs: readonly { name: string; digest: string }[];
    };
    const digests = new Map(shown.runOutputs.map(({ name, digest }) => [name, digest]));
    expect(digests).toEqual(new Map(good.outputs.map(({ name, digest }) => [name, digest])));
    const failed = await site.kiln('runs', 'show', bad.runId.slice(0, 8));
    expect(failed.exitCode).toBe(0);
    expect(failed.stdout).toContain('Customizer 1 of 1, Shell `fails`, ended with exit code 7');
  });

  test('logs are printed as they are', async () => {
    const customization = await site.kiln('logs', bad.runId);
    expect(customization).toMatchObject({ exitCode: 0, stderr: '' });
    expect(`${customization.stdout}\n`).toBe(await readFile(bad.directory.customizationLog, 'utf8'));
    expect(customization.stdout).toContain('OUT last words');
    const events = (await site.kiln('logs', '--log', 'events', '-f', 'last')).stdout.split('\n');
    expect(events.map(line => JSON.parse(line))).toEqual(good.events);
    expect((await site.kiln('logs', '--log', 'nonesuch')).exitCode).toBe(2);
  });

  test('a run that kept no VM cannot be logged in to', async () => {
    const { exitCode, stderr } = await site.kiln('ssh', bad.runId);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error MachineNotKept: ');
  });

  test('images are listed, and shown by id, path and the name of the output', async () => {
    const images = (await site.json('image', 'list')) as readonly { type: string; runId: string }[];
    expect(images.map(({ type }) => type).sort()).toEqual(['ManagedImage', 'SharedImage', 'VHD']);
    expect(images.map(({ runId }) => runId)).toEqual(Array(3).fill(good.runId));
    for (const { name, artifactId, path, digest } of good.outputs) {
      for (const asked of [name, artifactId ?? path]) {
        expect(await site.json('image', 'show', asked), asked).toMatchObject({ digest, runId: good.runId });
      }
    }
  });

  test('an image is removed with its files, a run with its logs', async () => {
    const [file, image, version] = good.outputs;
    for (const asked of [file?.path, image?.artifactId, version?.artifactId]) {
      expect(await site.kiln('image', 'rm', asked ?? '')).toMatchObject({ exitCode: 0, stdout: '' });
    }
    expect(await site.json('image', 'list')).toEqual([]);
    expect(await builds.storedFiles()).toEqual([]);
    expect((await site.kiln('runs', 'clean', '--logs', bad.runId)).exitCode).toBe(0);
    expect(existsSync(bad.directory.root)).toBe(false);
    expect(await site.json('runs', 'list')).toMatchObject([{ id: good.runId }]);
    expect(existsSync(join(good.directory.root, 'events.jsonl'))).toBe(true);
  });
});
