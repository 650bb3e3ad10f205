import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listImages } from '../../src/cli/image-view.ts';
import { digestFile } from '../../src/disk/digest.ts';
import type { BuildEvent } from '../../src/events/build-event.ts';
import { machineDirectory } from '../../src/home/run-directory.ts';
import { isHeld } from '../../src/store/pins.ts';
import { getRun, outputsOfRun } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, MANAGED_IMAGE, putFile, SHARED_IMAGE, shell, VHD } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

/** What happened, without how it was printed and how far it was. */
function outline(events: readonly BuildEvent[]): readonly string[] {
  return events.flatMap(event => {
    switch (event.type) {
      case 'stage-started':
      case 'stage-finished':
        return [`${event.type} ${event.stage}`];
      case 'step-started':
      case 'step-finished':
        return [`${event.type} ${event.step.name}`];
      case 'machine-started':
      case 'machine-stopped':
        return [`${event.type} ${event.role}`];
      case 'waiting':
        return [`waiting ${event.role} ${event.wait} ${event.index}/${event.total}`];
      case 'run-started':
      case 'source-resolved':
      case 'run-finished':
        return [event.type];
      default:
        return [];
    }
  });
}

const inStage = (stage: string, ...between: readonly string[]) => [
  `stage-started ${stage}`,
  ...between,
  `stage-finished ${stage}`,
];
const boot = (role: string) => [
  `machine-started ${role}`,
  ...['SSH 1/3', 'cloud-init 2/3', 'package locks 3/3'].map(wait => `waiting ${role} ${wait}`),
];
const step = (name: string) => [`step-started ${name}`, `step-finished ${name}`];

test('every kind of step runs in order, and every kind of target gets the result', async () => {
  await putFile(site, 'setup.sh', '#!/bin/sh\necho "$PACKER_BUILDER_TYPE $PACKER_BUILD_NAME"; cat\n');
  await putFile(site, 'site.conf', 'content of the file');
  const build = await site.build({
    customize: [
      shell('greets', 'echo hello', 'echo world >&2'),
      { type: 'Shell', name: 'runs-a-script', scriptUri: 'setup.sh' },
      { type: 'File', name: 'copies', sourceUri: 'site.conf', destination: '/opt/site.conf' },
    ],
    validate: { inVMValidations: [shell('finds-the-file', 'cat /opt/site.conf', 'echo; grep ^packer: /etc/passwd')] },
    distribute: [VHD, MANAGED_IMAGE, SHARED_IMAGE],
  });
  expect(build).toMatchObject({ status: 'Succeeded', error: undefined });
  expect(outline(build.events)).toEqual([
    'run-started',
    ...inStage('resolve', 'source-resolved'),
    ...inStage('fetch'),
    ...inStage('boot', ...boot('build')),
    ...inStage('customize', ...step('greets'), ...step('runs-a-script'), ...step('copies')),
    ...inStage('generalize', 'machine-stopped build'),
    ...inStage('validate', ...boot('validation'), ...step('finds-the-file'), 'machine-stopped validation'),
    ...inStage('distribute'),
    ...inStage('clean-up'),
    'run-finished',
  ]);
  expect(build.events.map(({ seq }) => seq)).toEqual(build.events.map((_, i) => i + 1));
  expect(build.output).toEqual(expect.arrayContaining(['hello', 'world', 'azure-arm test', 'content of the file']));
  // The validation machine is provisioned anew.
  expect(build.output.at(-1)).toMatch(/^packer:/);

  expect(build.outputs.map(({ name, type }) => [name, type])).toEqual([
    ['disk', 'VHD'],
    ['image', 'ManagedImage'],
    ['version', 'SharedImage'],
  ]);
  for (const { path, digest, sizeBytes } of build.outputs) {
    expect(await digestFile(path)).toBe(digest);
    expect((await stat(path)).size).toBe(sizeBytes);
  }
  const { store } = site.services;
  expect((await listImages(store)).map(({ runId }) => runId)).toEqual(Array(3).fill(build.runId));
  expect((await outputsOfRun(store, build.runId)).map(({ name }) => name).sort()).toEqual(['disk', 'image', 'version']);
  expect(await getRun(store, build.runId)).toMatchObject({
    status: 'Succeeded',
    templateName: 'test',
    endedAt: expect.stringMatching(/Z$/),
    result: { source: 'Test:small:disk:1.0.0', error: null },
  });
});

test('a finished run leaves logs, and nothing that it held', async () => {
  const build = await site.build({ validate: { inVMValidations: [shell('checks', 'echo checked')] } });
  expect(await site.leftovers()).toEqual([]);
  const { store } = site.services;
  const pins = await store.db.selectFrom('blob_pins').selectAll().execute();
  expect(pins.filter(({ holder }) => isHeld(holder))).toEqual([]);
  expect(site.driver.machines.map(({ role, end }) => [role, end?.how])).toEqual([
    ['build', 'powered-off'],
    ['validation', 'stopped'],
  ]);
  const { directory } = build;
  expect(await readFile(directory.customizationLog, 'utf8')).toMatch(/OUT hello\n(.*\n)+.*==> Succeeded after/);
  expect(await readFile(directory.validationLog, 'utf8')).toContain('OUT checked');
  expect(await readFile(machineDirectory(directory.buildMachine).serialLog, 'utf8')).toContain('login:');
  expect(JSON.parse(await readFile(directory.template, 'utf8'))).toMatchObject({ apiVersion: '2024-02-01' });
  const lines = (await readFile(directory.events, 'utf8')).trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line))).toEqual(build.events);
});

test('the deprovisioning script runs before the build user is taken out', async () => {
  const build = await site.build({
    customize: [
      shell('replaces-it', "printf '#!/bin/sh\\necho deprovisioning; id -u\\n' >/tmp/DeprovisioningScript.sh"),
      shell('leaves-traces', 'touch /home/packer/file /tmp/kiln-1.sh; echo mine >/home/mine'),
    ],
    validate: {
      inVMValidations: [
        shell('is-clean', 'ls -A /home/packer', 'ls /tmp', 'cat /etc/machine-id /etc/hostname', 'cat /home/mine'),
      ],
    },
  });
  expect(build.error).toBeUndefined();
  // Nothing before the machine's own script, which is in /tmp while it runs.
  expect(build.output.filter(line => !line.startsWith('kiln-'))).toEqual(['deprovisioning', '0', 'localhost', 'mine']);
  expect(build.said.join()).not.toContain('could not be found');
});

test('a deprovisioning script that a customizer deleted is missed, and the build goes on', async () => {
  const build = await site.build({ customize: [shell('deletes-it', 'sudo rm /tmp/DeprovisioningScript.sh')] });
  expect(build.status).toBe('Succeeded');
  const missed = build.events.filter(event => event.type === 'log' && event.level === 'warning');
  expect(missed).toMatchObject([
    { message: expect.stringContaining('[/tmp/DeprovisioningScript.sh] could not be found') },
  ]);
});

test('sourceValidationOnly runs the validators on the source and does nothing else', async () => {
  const validate = { sourceValidationOnly: true, inVMValidations: [shell('looks', 'echo looked')] };
  const good = await site.build({ validate });
  expect(good).toMatchObject({ status: 'Succeeded', outputs: [], output: ['looked'] });
  expect(outline(good.events).filter(line => line.startsWith('stage-started'))).toEqual([
    ...['stage-started resolve', 'stage-started fetch', 'stage-started validate', 'stage-started clean-up'],
  ]);
  const failing = { ...validate, continueDistributeOnFailure: true, inVMValidations: [shell('looks', 'exit 9')] };
  const bad = await site.build({ validate: failing });
  expect(bad.error).toMatchObject({ code: 'ValidatorFailed', exit: 4 });
  expect(bad.error?.message).not.toContain('distributed all the same');
  expect(await listImages(site.services.store)).toEqual([]);
  expect(await site.leftovers()).toEqual([]);
});

test('what a run has published is a source of the next one', async () => {
  const first = await site.build({ distribute: [SHARED_IMAGE] });
  const imageVersionId = `${SHARED_IMAGE.galleryImageId}/versions/latest`;
  const second = await site.build({
    source: { type: 'SharedImageVersion', imageVersionId },
    distribute: [MANAGED_IMAGE],
  });
  expect(second.error).toBeUndefined();
  expect(second.events.find(event => event.type === 'source-resolved')).toMatchObject({
    exactVersion: first.outputs[0]?.artifactId,
    digest: first.outputs[0]?.digest,
  });
  const third = await site.build({ source: { type: 'ManagedImage', imageId: MANAGED_IMAGE.imageId } });
  expect(third.status).toBe('Succeeded');
});

test('two runs at once on one home do not disturb each other', async () => {
  const [one, two] = await Promise.all([
    site.build({ customize: [shell('a', 'echo one')], distribute: [VHD, SHARED_IMAGE] }),
    site.build({ customize: [shell('b', 'echo two')], distribute: [VHD, SHARED_IMAGE] }),
  ]);
  expect([one.error, two.error]).toEqual([undefined, undefined]);
  expect([one.output, two.output]).toEqual([['one'], ['two']]);
  const versions = [...one.outputs, ...two.outputs].flatMap(({ artifactId }) => artifactId ?? []);
  expect(versions.map(id => id.split('/').at(-1)).sort()).toEqual(['0.0.1', '0.0.2']);
  expect(await listImages(site.services.store)).toHaveLength(4);
  expect(await site.leftovers()).toEqual([]);
});
