import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { execa } from 'execa';
import { createFetcher } from '../../src/artifacts/fetcher.ts';
import { type BuildRequest, type BuildResult, prepareRun, runBuild } from '../../src/build/run-build.ts';
import type { BuildServices } from '../../src/build/services.ts';
import { parseSiteConfig } from '../../src/config/site-config.ts';
import type { BuildEvent, Emit, Stage } from '../../src/events/build-event.ts';
import { EventStream } from '../../src/events/event-stream.ts';
import { createEventFile, createLogFile } from '../../src/events/log-file.ts';
import { scrubber } from '../../src/events/scrub.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import type { RunDirectory } from '../../src/home/run-directory.ts';
import { giveToBuildUser } from '../../src/sandbox/build-user.ts';
import { addSource } from '../../src/sources/add-source.ts';
import { releaseSources, resolveSource } from '../../src/sources/resolve-source.ts';
import { openStore } from '../../src/store/store.ts';
import { parseTemplate } from '../../src/template/parse.ts';
import { type FakeDriver, fakeDriver } from './fake-machine.ts';

export const SOURCE = { name: 'Test:small:disk', version: '1.0.0' } as const;
const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tests/providers/Microsoft.Compute';
/** What stays of a run. */
const LOGS = [
  ...['template.json', 'events.jsonl', 'customization.log', 'validation.log'],
  ...['serial.log', 'qemu.log', 'screenshot.png'],
];

/** A home with a small source disk, and all that a run works with; only the machines are not real. */
export interface BuildSite extends AsyncDisposable {
  readonly root: string;
  readonly driver: FakeDriver;
  readonly services: BuildServices;
  /** A directory whose files templates may name. */
  readonly templates: string;
  build(properties: object, options?: BuildOptions): Promise<FinishedBuild>;
  /** Files below the home that no finished run may leave, nothing but logs being there. */
  leftovers(): Promise<readonly string[]>;
  /** Names of published images, versions and VHDs with all their files. */
  storedFiles(): Promise<readonly string[]>;
}

export interface BuildOptions extends Partial<Omit<BuildRequest, 'template' | 'templateText'>> {
  readonly apiVersion?: string;
  readonly services?: Partial<BuildServices>;
  readonly onEvent?: (event: BuildEvent, abort: AbortController) => void;
}

export interface FinishedBuild extends BuildResult {
  readonly events: readonly BuildEvent[];
  readonly directory: RunDirectory;
  /** What the steps printed. */
  readonly output: readonly string[];
  /** Messages of the log events. */
  readonly said: readonly string[];
}

/** @param root where the home is to be; a new directory when absent. The machines' trees are elsewhere. */
export async function buildSite(root?: string): Promise<BuildSite> {
  const place = root ?? (await mkdtemp(join(tmpdir(), 'kiln-build-')));
  await mkdir(place, { recursive: true });
  // The build user has to get to what lies in it.
  await chmod(place, 0o755);
  const home = kilnHome({ KILN_HOME: join(place, 'home') });
  const templates = join(place, 'templates');
  await mkdir(home.root);
  await mkdir(templates);
  const guests = await mkdtemp(join(tmpdir(), 'kiln-guests-'));
  await giveToBuildUser(guests);
  const config = parseSiteConfig('', 'test');
  const store = await openStore(home, config);
  const driver = fakeDriver(guests);
  const fetcher = (emit: Emit) => createFetcher({ home, config, emit, allowFiles: { directories: [templates] } });
  const services: BuildServices = {
    ...{ home, config, store, machines: driver },
    resolveSource: (source, options) =>
      resolveSource(source, { ...options, home, config, store, fetcher: fetcher(options.emit) }),
    releaseSource: holder => releaseSources({ home, holder }),
    fetchArtifact: (need, directory, { emit, signal }) => fetcher(emit).fetchArtifact(need, directory, signal),
  };
  await addSmallDisk(place, services);
  return {
    ...{ root: place, driver, services, templates },
    build: (properties, options) => build(services, properties, options),
    leftovers: async () => {
      const runs = (await filesBelow(home.runs)).filter(path => !LOGS.includes(path.slice(path.lastIndexOf('/') + 1)));
      const others = await Promise.all(
        [home.downloads, join(home.sources, 'uses'), join(home.sources, 'work')].map(filesBelow),
      );
      const incoming = (await filesBelow(home.regions)).filter(path => path.includes('/incoming/'));
      return [...runs, ...others.flat(), ...incoming].map(path => relative(home.root, path));
    },
    // Whose a region is stays with it.
    storedFiles: async () => (await filesBelow(home.regions)).filter(path => basename(path) !== 'store-id'),
    [Symbol.asyncDispose]: async () => {
      await driver.close();
      await store.close();
      for (const directory of [place, guests]) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function addSmallDisk(place: string, { home }: BuildServices): Promise<void> {
  const file = join(place, 'small.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M']);
  await execa('qemu-io', ['-c', 'write -P 7 0 1M', file]);
  const facts = { os: 'Linux', generation: 'V2', devices: { disk: 'virtio', nic: 'virtio' } } as const;
  const context = { home, signal: new AbortController().signal, emit: () => undefined };
  await addSource({ ...SOURCE, ...facts, file, format: 'qcow2' }, context);
  await rm(file);
}

async function build(all: BuildServices, properties: object, options: BuildOptions = {}): Promise<FinishedBuild> {
  const { services: changed, onEvent, apiVersion, ...request } = options;
  const services = { ...all, ...changed };
  const resource = template(properties);
  const templateText = JSON.stringify(apiVersion === undefined ? resource : { ...resource, apiVersion });
  const run = await prepareRun(services);
  const stream = new EventStream(run.runId, scrubber());
  const { directory } = run;
  const logs = [
    createLogFile(directory.customizationLog, 'customize'),
    createLogFile(directory.validationLog, 'validate'),
    createEventFile(directory.events),
  ];
  for (const log of logs) stream.subscribe(log.listener);
  const events: BuildEvent[] = [];
  const abort = new AbortController();
  stream.subscribe(event => {
    events.push(event);
    onEvent?.(event, abort);
  });
  const parsed = parseTemplate(templateText, { file: 'test.json', knownRegions: ['local'] });
  const fixed = { template: parsed.template, templateText };
  const result = await runBuild(
    run,
    { ...fixed, keepSeconds: 60, strict: false, ...request },
    services,
    stream,
    abort.signal,
  );
  for (const log of logs) log.close();
  return {
    ...{ ...result, events, directory },
    output: events.flatMap(event => (event.type === 'step-output' ? [event.line] : [])),
    said: events.flatMap(event => (event.type === 'log' ? [event.message] : [])),
  };
}

/** A template that starts from the small disk; only what a test is about is stated. */
export function template(properties: object): object {
  const [publisher, offer, sku] = SOURCE.name.split(':');
  return {
    type: 'Microsoft.VirtualMachineImages/imageTemplates',
    apiVersion: '2024-02-01',
    location: 'local',
    identity: { type: 'None' },
    properties: {
      source: { type: 'PlatformImage', publisher, offer, sku, version: 'latest' },
      customize: [shell('says-hello', 'echo hello')],
      distribute: [VHD],
      ...properties,
    },
  };
}

export const VHD = { type: 'VHD', runOutputName: 'disk' };
export const MANAGED_IMAGE = {
  ...{ type: 'ManagedImage', runOutputName: 'image', imageId: `${GROUP}/images/web`, location: 'local' },
};
export const SHARED_IMAGE = {
  ...{ type: 'SharedImage', runOutputName: 'version', galleryImageId: `${GROUP}/galleries/site/images/web` },
  targetRegions: [{ name: 'local' }, { name: 'westeurope' }],
};

export function shell(name: string, ...inline: readonly string[]): object {
  return { type: 'Shell', name, inline };
}

/** The stages that were announced, but the clean-up at the end of every run. */
export function stagesOf(events: readonly BuildEvent[]): readonly Stage[] {
  return events.flatMap(event => (event.type === 'stage-started' && event.stage !== 'clean-up' ? [event.stage] : []));
}

export async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name));
}

/** Writes a file that a template may name. */
export async function putFile(site: BuildSite, name: string, content: string): Promise<string> {
  const path = join(site.templates, name);
  await writeFile(path, content);
  return path;
}
