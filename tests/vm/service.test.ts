import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestFile } from '../../src/disk/digest.ts';
import { VHD_FOOTER_BYTES } from '../../src/disk/vhd-footer.ts';
import { type Az, azAt, hasAz } from '../integration/az-fixture.ts';
import { type CliSite, cliSite } from '../integration/cli-fixture.ts';
import { type Clients, clientsOf, ServiceCredential } from '../integration/sdk-fixture.ts';
import { type RunningService, startService } from '../integration/serve-fixture.ts';
import { lastingProcesses, processesOf, storedFiles, strayFiles } from './harness/leftovers.ts';
import { type EventsAddress, followRun } from './harness/run-events.ts';
import { debian, shell } from './harness/template.ts';
import { makeTestHome, type TestHome } from './harness/test-home.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;
const TYPE = 'Microsoft.VirtualMachineImages/imageTemplates';
/** The names that Azure's page on templates has in its commands. */
const STOPPED = 'helloImageTemplateLinux01';
const BUILT = 'ImageTemplateLinuxRHEL77';
/** Whoever polls sees where the run is within that time. */
const SOON_MS = 15_000;

// --- The commands of that page, as they stand there -------------------------------------------------------------
const RUN = `az resource invoke-action \\
  --resource-group $imageResourceGroup \\
  --resource-type  Microsoft.VirtualMachineImages/imageTemplates \\
  -n helloImageTemplateLinux01 \\
  --action Run`;
const CANCEL = `az resource invoke-action \\
     --resource-group $imageResourceGroup \\
     --resource-type  Microsoft.VirtualMachineImages/imageTemplates \\
     -n helloImageTemplateLinux01 \\
     --action Cancel`;
const SHOW_OUTPUT = `az resource show \\
        --ids "/subscriptions/$subscriptionID/resourcegroups/$imageResourceGroup/providers/Microsoft.VirtualMachineImages/imageTemplates/ImageTemplateLinuxRHEL77/runOutputs/$runOutputName"  \\
        --api-version=2021-10-01`;
const SHOW_URI = `az resource show \\
   --ids "/subscriptions/$subscriptionId/resourcegroups/images/providers/Microsoft.VirtualMachineImages/imageTemplates/ImageTemplateLinuxRHEL77/runOutputs/disk"  | grep artifactUri`;
const VARIABLES = { subscriptionID: SUBSCRIPTION, subscriptionId: SUBSCRIPTION, imageResourceGroup: 'images' };

const DISTRIBUTE = [
  { type: 'ManagedImage', runOutputName: 'image', imageId: `${GROUP}/providers/Microsoft.Compute/images/web` },
  {
    ...{ type: 'SharedImage', runOutputName: 'rhel77', replicationRegions: ['westus2', 'eastus'] },
    galleryImageId: `${GROUP}/providers/Microsoft.Compute/galleries/site/images/web`,
  },
  { type: 'VHD', runOutputName: 'disk' },
].map(target => (target.type === 'ManagedImage' ? { ...target, location: 'westus2' } : target));

const template = (...customize: readonly object[]) => ({
  location: 'westus2',
  identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
  properties: { vmProfile: { vmSize: 'Standard_B2s' }, source: debian('12-gen2'), customize, distribute: DISTRIBUTE },
});

let home: TestHome;
let site: CliSite;
let service: RunningService;
let az: Az;
let clients: Clients;
let token: string;

async function serve(...args: readonly string[]): Promise<void> {
  // One at a time: the second run waits in the queue until the first has ended.
  service = await startService(site, '--max-runs', '1', ...args);
}
const templates = () => clients.images.virtualMachineImageTemplates;
const templateId = (name: string) => `${GROUP}/providers/${TYPE}/${name}`;
const lastRun = async (name: string) => (await templates().get('images', name)).lastRunStatus;
const runsOf = async (name: string) => {
  const answer = await service.ask(`/kiln/v1${templateId(name)}/runs`, { token });
  return answer.json()['value'] as readonly { readonly id: string; readonly status: string }[];
};
const runIdOf = async (name: string) => {
  await expect.poll(() => runsOf(name), { timeout: SOON_MS }).toHaveLength(1);
  return (await runsOf(name))[0]?.id ?? '';
};
const eventsOf = (name: string, runId: string): EventsAddress => ({
  url: `${service.ready.url}/kiln/v1${templateId(name)}/runs/${runId}/events`,
  authority: service.ready.authority ?? '',
  token,
});

describe.skipIf(!(await hasAz()))('the service with the Azure CLI, which is on Debian only,', () => {
  // Before each attempt: one that is tried again begins with nothing.
  beforeEach(async () => {
    home = await makeTestHome();
    site = await cliSite(home.root);
    Object.assign(site.environment, home.environment);
    await serve();
    const { administrator } = service.ready;
    if (administrator === undefined) throw new Error('there is no administrator');
    az = await azAt(site, administrator.secret);
    clients = clientsOf(service, new ServiceCredential(service, administrator));
    token = await service.token(administrator.clientId, administrator.secret);
  });
  afterEach(async () => {
    await service?.[Symbol.asyncDispose]();
    // What a failed test leaves is not left to the next one.
    for (const { pid } of await processesOf(home.root)) process.kill(pid, 'SIGKILL');
    await home.remove();
  });

  test('builds on real machines: a run is canceled, the next survives the service and publishes all that it was to', async () => {
    await prepare();
    const canceled = az.shell(RUN, VARIABLES).then(
      () => 'Succeeded',
      (error: unknown) => String(error),
    );
    const first = await runIdOf(STOPPED);
    using stopped = followRun(eventsOf(STOPPED, first));
    await stopped.event('output', event => event.type === 'step-output' && event.line === 'working');
    expect(await lastRun(STOPPED)).toMatchObject({ runState: 'Running', runSubState: 'Customizing' });

    const built = az.shell(RUN.replace(STOPPED, BUILT), VARIABLES);
    // It is awaited below; until then a failure is not to end the process.
    built.catch(() => undefined);
    const second = await runIdOf(BUILT);
    const seen = watch(BUILT);
    expect(await lastRun(BUILT)).toMatchObject({ runState: 'Running', runSubState: 'Queued' });

    await az.shell(CANCEL, VARIABLES);
    await expect.poll(() => lastRun(STOPPED), { timeout: SOON_MS }).toMatchObject({ runState: 'Canceled' });
    expect(await stopped.ended).toBe('Canceled');
    expect(await canceled).toMatch(/cancel/i);
    expect(await lastingProcesses(join(home.home.runs, first))).toEqual([]);
    expect((await strayFiles(home.home)).filter(path => path.includes(first))).toEqual([]);

    using watching = followRun(eventsOf(BUILT, second));
    await watching.event('the customization', event => event.type === 'stage-started' && event.stage === 'customize');
    watching.cut();
    await watching.event('output', event => event.type === 'step-output' && event.line === 'working');
    const { port, url } = service.ready;
    expect(await service.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    await serve('--port', String(port));
    expect(service.ready.url).toBe(url);
    expect(await runsOf(BUILT)).toMatchObject([{ id: second, status: 'Running' }]);

    // Nobody who was waiting noticed: not the Azure CLI, not the SDK, not who watches the events.
    await built;
    expect(await watching.ended).toBe('Succeeded');
    expect(await seen).toEqual(['Queued', 'Building', 'Customizing', 'Distributing', 'Succeeded']);
    expect(watching.connections).toBeGreaterThanOrEqual(3);
    expect(watching.events.map(({ seq }) => seq)).toEqual(watching.events.map((_, i) => i + 1));
    expect(watching.events.filter(({ type }) => type === 'run-started')).toHaveLength(1);
    expect(watching.events.at(-1)).toMatchObject({ type: 'run-finished', status: 'Succeeded' });

    await expectPublished(second);
    await expectDownloads(second);
    await expectStagingGone();
  });
});

/** The documented day, up to the two templates. */
async function prepare(): Promise<void> {
  const files = {
    stopped: await site.write('stopped.json', template(shell('waits', 'echo working', 'sleep 900'))),
    built: await site.write('built.json', template(shell('works', 'echo working', 'sleep 45', 'echo worked'))),
  };
  await az.shell(
    `az group create -n images -l westus2
    az identity create -g images -n builder
    az sig create -g images --gallery-name site
    az sig image-definition create -g images --gallery-name site --gallery-image-definition web \\
      --publisher Site --offer web --sku one --os-type Linux --hyper-v-generation V2
    az resource create -g images --properties @$stopped --is-full-object --resource-type ${TYPE} -n ${STOPPED} \\
      --api-version 2022-02-14
    az image builder create -g images -n ${BUILT} --image-template $built`,
    files,
  );
}

/** What the SDK sees of a run from now to its end: its states, one after the other. */
async function watch(name: string): Promise<readonly string[]> {
  const seen: string[] = [];
  for (;;) {
    // While the service is down the client tries again by itself, but not for ever.
    const status = await lastRun(name).catch(() => undefined);
    const { runState, runSubState } = status ?? {};
    const state = runState === 'Running' ? runSubState : runState;
    if (state !== undefined && state !== seen.at(-1)) seen.push(state);
    if (runState !== undefined && !['Running', 'Canceling'].includes(runState)) return seen;
    await delay(300);
  }
}

async function expectPublished(runId: string): Promise<void> {
  const outputs = (await az.json('image', 'builder', 'show-runs', '-g', 'images', '-n', BUILT)) as readonly object[];
  expect(outputs).toHaveLength(3);
  const [output, uri, versions, image] = await Promise.all([
    az.shell(SHOW_OUTPUT, { ...VARIABLES, runOutputName: 'rhel77' }),
    az.shell(SHOW_URI, VARIABLES),
    az.json(
      'sig',
      'image-version',
      'list',
      '-g',
      'images',
      '--gallery-name',
      'site',
      '--gallery-image-definition',
      'web',
    ),
    az.json('resource', 'show', '-g', 'images', '--resource-type', 'Microsoft.Compute/images', '-n', 'web'),
  ]);
  const artifactId = expect.stringMatching(/\/galleries\/site\/images\/web\/versions\/\d+\.\d+\.\d+$/);
  expect(JSON.parse(output)).toMatchObject({
    name: 'rhel77',
    properties: { artifactId, provisioningState: 'Succeeded' },
  });
  expect(uri).toMatch(/"artifactUri": "https:\/\/localhost:\d+\/blobs\/\w+\/vhds\//);
  expect(versions).toMatchObject([
    { id: artifactId, provisioningState: 'Succeeded', publishingProfile: { targetRegions: [{}, {}] } },
  ]);
  expect(image).toMatchObject({ location: 'westus2', properties: { provisioningState: 'Succeeded' } });
  const run = (await service.ask(`/kiln/v1${templateId(BUILT)}/runs/${runId}`, { token })).json();
  expect(run).toMatchObject({ status: 'Succeeded', attempts: 1, steps: [{ name: 'works', ok: true }] });
}

/** The log and the disk, by the addresses that the service gives for them. */
async function expectDownloads(runId: string): Promise<void> {
  const { artifactUri = '' } = await templates().getRunOutput('images', BUILT, 'disk');
  const vhd = new URL(artifactUri).pathname;
  const [, , account = ''] = vhd.split('/');
  const log = `/blobs/${account}/packerlogs/${runId}/customization.log`;
  expect((await service.ask(log)).status).toBe(401);
  const text = await service.ask(log, { token });
  expect(text.text).toContain('OUT worked');
  expect(text.text).toBe(await readFile(join(home.home.runs, runId, 'customization.log'), 'utf8'));
  expect(await service.ask(log, { token, headers: { range: 'bytes=5-14' } })).toMatchObject({
    status: 206,
    text: text.text.slice(5, 15),
  });

  const whole = await service.ask(vhd, { token, method: 'HEAD' });
  const size = Number(whole.headers['content-length']);
  const [file = ''] = (await storedFiles(home.home)).filter(path => path.endsWith(basename(vhd)));
  const { sizeBytes, digest } = await outputOf(runId);
  expect([size, await digestFile(file)]).toEqual([sizeBytes, digest]);
  const staging = (await templates().get('images', BUILT)).exactStagingResourceGroup ?? '';
  const signing = `${staging}/providers/Microsoft.Storage/storageAccounts/${account}/listServiceSas?api-version=2023-01-01`;
  const signed = await service.ask(signing, {
    ...{ method: 'POST', token, headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({
      ...{ canonicalizedResource: vhd.replace('/blobs/', '/blob/'), signedResource: 'b', signedPermission: 'r' },
      signedExpiry: new Date(Date.now() + 600_000).toISOString(),
    }),
  });
  const signature = String(signed.json()['serviceSasToken']);
  expect((await service.ask(vhd)).status).toBe(401);
  expect((await service.ask(`${log}?${signature}`)).status).toBe(403);
  const from = size - VHD_FOOTER_BYTES;
  const footer = await service.ask(`${vhd}?${signature}`, { headers: { range: `bytes=${from}-` } });
  expect([footer.status, footer.headers['content-range']]).toEqual([206, `bytes ${from}-${size - 1}/${size}`]);
  expect(footer.text.slice(0, 8)).toBe('conectix');
  // As much of it as takes a second or two.
  const end = 2 ** 28 - 1;
  const part = await download(`${service.ready.url}${vhd}?${signature}`, `bytes=0-${end}`);
  expect(await sha256(part)).toBe(await sha256(createReadStream(file, { start: 0, end })));
}

function download(url: string, range: string): Promise<AsyncIterable<Buffer>> {
  const ca = readFileSync(service.ready.authority ?? '');
  return new Promise((resolve, reject) => get(url, { ca, headers: { range } }, resolve).once('error', reject));
}

async function sha256(bytes: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of bytes) hash.update(part);
  return hash.digest('hex');
}

async function outputOf(runId: string): Promise<{ readonly sizeBytes: number; readonly digest: string }> {
  const run = (await service.ask(`/kiln/v1${templateId(BUILT)}/runs/${runId}`, { token })).json();
  const outputs = run['outputs'] as readonly {
    readonly name: string;
    readonly sizeBytes: number;
    readonly digest: string;
  }[];
  const found = outputs.find(({ name }) => name === 'disk');
  if (found === undefined) throw new Error(JSON.stringify(run));
  return found;
}

/** The templates go with their staging groups; what they published stays. */
async function expectStagingGone(): Promise<void> {
  const groups = () => az.json('group', 'list', '--query', '[].name');
  expect(await groups()).toHaveLength(3);
  await az.json('image', 'builder', 'delete', '-g', 'images', '-n', STOPPED);
  await templates().delete('images', BUILT).pollUntilDone();
  expect(await groups()).toEqual(['images']);
  const kept = await az.json('resource', 'list', '-g', 'images', '--query', '[].type');
  expect(kept).toEqual(
    expect.arrayContaining(['Microsoft.Compute/images', 'Microsoft.Compute/galleries/images/versions']),
  );
  expect(kept).not.toContain(TYPE);

  expect(await service.stop()).toMatchObject({ exitCode: 0 });
  expect(await lastingProcesses(home.root)).toEqual([]);
  expect(await strayFiles(home.home)).toEqual([]);
  const published = (await site.json('image', 'list')) as readonly { copies: readonly { path: string }[] }[];
  const files = new Set(published.flatMap(({ copies }) => copies.map(({ path }) => path)));
  expect(new Set(await storedFiles(home.home))).toEqual(files);
}
