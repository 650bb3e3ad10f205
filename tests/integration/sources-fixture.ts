import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFetcher } from '../../src/artifacts/fetcher.ts';
import { parseSiteConfig, type SiteConfig } from '../../src/config/site-config.ts';
import type { BuildEventBody } from '../../src/events/build-event.ts';
import { type KilnHome, kilnHome } from '../../src/home/kiln-home.ts';
import { directoryForBuildUser } from '../../src/sandbox/build-user.ts';
import type { SourceContext } from '../../src/sources/source-context.ts';

/** A home, a catalogue and recipes of a test's own. */
export interface Site {
  readonly root: string;
  readonly home: KilnHome;
  readonly catalogue: string;
  readonly recipes: string;
  /** A directory that recipes may write to. */
  readonly notes: string;
  readonly events: BuildEventBody[];
  context(more?: Partial<SourceContext> & { readonly aliases?: Record<string, string> }): SourceContext;
  /** Texts of the `log` events so far. */
  log(): string[];
  remove(): Promise<void>;
}

const MIB = 1024 * 1024;

export async function makeSite(): Promise<Site> {
  const root = await mkdtemp(join(tmpdir(), 'kiln-sources-'));
  // The build user has to get to what lies in it.
  await chmod(root, 0o755);
  const home = kilnHome({ KILN_HOME: join(root, 'home') });
  const [catalogue, recipes, notes] = [join(root, 'catalogue'), join(root, 'recipes'), join(root, 'notes')];
  await mkdir(home.root);
  await mkdir(catalogue);
  await mkdir(recipes);
  await directoryForBuildUser(notes);
  const events: BuildEventBody[] = [];
  const emit = (event: BuildEventBody) => void events.push(event);
  const config: SiteConfig = parseSiteConfig('network: { allow: [127.0.0.1] }', 'test');
  return {
    ...{ root, home, catalogue, recipes, notes, events },
    context: ({ aliases, ...more } = {}) => ({
      home,
      config: { catalogues: [], aliases: aliases ?? {} },
      fetcher: createFetcher({ home, config, emit, limits: { attempts: 1, pause: 1 } }),
      signal: new AbortController().signal,
      emit,
      catalogue,
      recipes,
      ...more,
    }),
    log: () => events.flatMap(event => (event.type === 'log' ? [event.message] : [])),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/**
 * Writes a catalogue with one image, `Test:offer:<id>`, in version 1.0.0, and the ways given as YAML flow mappings.
 *
 * @param more one more key of the image
 */
export async function putImage(site: Site, id: string, ways: readonly string[], more = ''): Promise<void> {
  const lines = [
    ...['images:', `  - id: ${id}`, `    title: Image ${id}`, `    names: { "Test:offer:${id}": V2 }`, '    os: Linux'],
    ...['    devices: { disk: virtio, nic: virtio }', ...(more === '' ? [] : [`    ${more}`])],
    ...['    versions:', '      - version: 1.0.0', '        ways:'],
    ...ways.map(way => `          - ${way}`),
  ];
  await writeFile(join(site.catalogue, `${id}.yaml`), `${lines.join('\n')}\n`);
}

/** Writes a recipe whose whole work is `script`. */
export async function putRecipe(site: Site, name: string, script: string, more = ''): Promise<void> {
  const directory = join(site.recipes, name);
  await mkdir(directory);
  const text = `description: ${name}\nprepare: prepare.sh\nprepareMinutes: 1\n${more}`;
  await writeFile(join(directory, 'recipe.yaml'), text);
  await writeFile(join(directory, 'prepare.sh'), `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 });
}

/** Makes a raw disk: 4 MiB, a part of it random. */
export async function makeRawDisk(path: string): Promise<string> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.truncate(4 * MIB);
    await file.write(randomBytes(64 * 1024), 0, 64 * 1024, MIB);
  } finally {
    await file.close();
  }
  return path;
}

/** Names of what lies in a directory; none when there is no directory. */
export function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
