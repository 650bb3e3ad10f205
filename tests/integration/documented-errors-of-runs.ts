import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { expect } from 'vitest';
import { listImages } from '../../src/cli/image-view.ts';
import { MANAGED_IMAGE, SHARED_IMAGE, SOURCE, shell, VHD } from './build-fixture.ts';
import type { CliEnd } from './cli-fixture.ts';
import type { Cause } from './documented-errors-fixture.ts';

/** Long enough for a build of the small disk to come to its end on a busy machine. */
const PATIENCE_SECONDS = 15;

/** What the service says of a run or writes into its log, caused by runs on machines that are not real. */
export const OF_RUNS: readonly Cause[] = [
  {
    ids: [5, 50],
    name: 'a template that is changed and built again takes nothing back',
    run: async ({ site }) => {
      const first = await site.build({ distribute: [VHD, MANAGED_IMAGE] });
      const second = await site.build({ distribute: [VHD] });
      expect([first.status, second.status]).toEqual(['Succeeded', 'Succeeded']);
      const published = (await listImages(site.services.store)).map(({ id }) => id);
      expect(published).toEqual(expect.arrayContaining([MANAGED_IMAGE.imageId]));
      return codes(first.error, second.error);
    },
  },
  {
    ids: [13],
    name: 'something that nobody foresaw',
    run: async ({ site }) => {
      const fetchArtifact = () => Promise.reject(new RangeError('Invalid array length'));
      const customize = [{ type: 'Shell', name: 'fetched', scriptUri: 'setup.sh' }];
      const { status, error } = await site.build({ customize }, { services: { fetchArtifact } });
      expect([status, error?.exit]).toEqual(['Failed', 1]);
      expect(error?.message).toBe('Kiln failed unexpectedly: Invalid array length');
      expect(error?.todo).toMatch(/^Please report this with the following lines:\nRangeError/);
      return codes(error);
    },
  },
  {
    ids: [20, 21],
    name: 'a customizer that fails is named, with its line and its log',
    run: async ({ cli, site }) => {
      const customize = [shell('works', 'true'), shell('installs', 'echo preparing', 'no-such-program --yes')];
      const { runId, error } = await site.build({ customize });
      const message = 'Customizer 2 of 2, Shell `installs`, ended with exit code 127 at line 3 of its script.';
      expect(error).toMatchObject({ exit: 1, message, target: 'properties.customize[1].inline[1]' });
      expect(await readFile(error?.log ?? '', 'utf8')).toContain('no-such-program: not found');
      const shown = await cli.kiln('runs', 'show', runId);
      expect(shown.stdout).toContain(message);
      expect(shown.stdout).toContain(error?.log);
      return codes(error);
    },
  },
  {
    ids: [22, 23],
    name: 'a build that takes longer than its limit',
    run: async ({ cli, site }) => {
      const { runId, status, error } = await site.build(
        { customize: [shell('asks-somebody', 'sleep 600')] },
        { timeoutSeconds: 3 },
      );
      expect([status, error?.exit]).toEqual(['TimedOut', 5]);
      expect(error?.message).toMatch(/^The build did not finish within 3 s; it was in stage [a-z]+\.$/);
      expect((await cli.kiln('logs', runId)).stdout).toContain('ERROR BuildTimedOut: The build did not finish');
      return codes(error);
    },
  },
  {
    ids: [24],
    name: 'a limit that is reached while the image is distributed leaves no half of a version',
    run: async ({ site }) => {
      const began = performance.now();
      const target = { ...SHARED_IMAGE, galleryImageId: `${SHARED_IMAGE.galleryImageId}-late` };
      const build = await site.build(
        { distribute: [target] },
        {
          timeoutSeconds: PATIENCE_SECONDS,
          onEvent: event => {
            if (event.type === 'stage-started' && event.stage === 'distribute') {
              sleepUntil(began + PATIENCE_SECONDS * 1000 + 500);
            }
          },
        },
      );
      expect(build).toMatchObject({ status: 'TimedOut', outputs: [] });
      expect(build.error?.message).toBe(
        `The build did not finish within ${PATIENCE_SECONDS} s; it was in stage distribute.`,
      );
      expect((await listImages(site.services.store)).filter(({ id }) => id.includes('-late'))).toEqual([]);
      expect(await site.leftovers()).toEqual([]);
      return codes(build.error);
    },
  },
  {
    ids: [33],
    name: 'a customizer that closes the way into the machine',
    run: async ({ site }) => {
      const { error } = await site.build({ customize: [shell('firewall', 'machine drop', 'sleep 600')] });
      expect(error).toMatchObject({
        exit: 1,
        todo: expect.stringContaining('must not stop sshd or close the network'),
      });
      expect(error?.message).toContain('while step `firewall` ran');
      return codes(error);
    },
  },
  {
    ids: [39],
    name: 'a customizer that deletes the deprovisioning script is warned of',
    run: async ({ site }) => {
      const build = await site.build({ customize: [shell('tidies-up', 'rm -f /tmp/*')] });
      expect(build.status).toBe('Succeeded');
      const warned = build.events.find(event => event.type === 'log' && event.level === 'warning');
      const beginning = 'Deprovisioning script [/tmp/DeprovisioningScript.sh] could not be found.';
      expect(warned).toMatchObject({ message: expect.stringContaining(beginning) });
      expect(await readFile(build.directory.customizationLog, 'utf8')).toContain(beginning);
      return codes(build.error);
    },
  },
  {
    ids: [40],
    name: 'a region that cannot be written to',
    run: async ({ site }) => {
      const target = { ...SHARED_IMAGE, targetRegions: [{ name: 'local' }, { name: 'northeurope' }] };
      const { home, store } = site.services;
      const before = await listImages(store);
      await mkdir(home.regions, { recursive: true });
      await writeFile(store.region('northeurope').root, 'not a directory');
      const build = await site.build({ distribute: [target] });
      expect(build).toMatchObject({ status: 'Failed', outputs: [], error: { exit: 1 } });
      expect(build.error?.message).toMatch(/^Failed in distributing 1 images out of total 1: \[version\] /);
      expect(build.error?.details).toMatchObject([{ code: 'PublishFailed', target: 'properties.distribute[0]' }]);
      expect(await listImages(store)).toEqual(before);
      return codes(build.error);
    },
  },
  {
    ids: [60],
    name: 'a run that is removed while it runs',
    run: async ({ cli, site }) => {
      let asked: Promise<CliEnd> | undefined;
      const build = await site.build(
        { customize: [shell('waits', 'while [ ! -e /tmp/go ]; do sleep 0.05; done')] },
        {
          onEvent: event => {
            if (event.type !== 'step-started') return;
            asked = cli.kiln('runs', 'clean', '--logs', event.runId);
            void asked.finally(() => site.driver.machines.at(-1)?.touch('/tmp/go'));
          },
        },
      );
      expect(build.status).toBe('Succeeded');
      return refused(await asked, `The run \`${build.runId}\` is still active (process ${process.pid}).`);
    },
  },
  {
    ids: [61],
    name: 'a source that is removed while a run is being set up from it',
    run: async ({ cli, site }) => {
      site.driver.behaviour = { silent: ['build'] };
      let asked: Promise<CliEnd> | undefined;
      const build = await site.build(
        {},
        {
          onEvent: (event, abort) => {
            if (event.type !== 'waiting') return;
            asked = cli.kiln('source', 'rm', `${SOURCE.name}:${SOURCE.version}`);
            void asked.finally(() => abort.abort());
          },
        },
      );
      site.driver.behaviour = {};
      expect(build.status).toBe('Canceled');
      return refused(await asked, `is in use by run ${build.runId}`, 1);
    },
  },
];

function codes(...errors: readonly ({ readonly code: string } | undefined)[]): string[] {
  return errors.flatMap(error => (error === undefined ? [] : [error.code]));
}

/** The code of the one error that a command said. */
function refused(end: CliEnd | undefined, message: string, exitCode = 2): string[] {
  expect(end).toMatchObject({ exitCode, stderr: expect.stringContaining(message) });
  return [.../^error (\w+): /gm[Symbol.matchAll](end?.stderr ?? '')].map(([, code = '']) => code);
}

/** Stops this thread, and with it the run: a slow disk in one call. */
function sleepUntil(time: number): void {
  const still = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(still, 0, 0, Math.max(0, time - performance.now()));
}
