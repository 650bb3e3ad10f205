import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, link, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type KilnHome, kilnHome } from '../../../src/home/kiln-home.ts';

const run = promisify(execFile);
export const CHECKOUT = join(import.meta.dirname, '../../..');
export const KILN = join(CHECKOUT, 'kiln');
const SOURCE = 'Debian:debian-12:12-gen2';
const RECIPE = join(CHECKOUT, 'recipes/debian-12');

/** A home of one test file's own, with the source image already in it, and a directory for its templates. */
export interface TestHome {
  /** Everything of the test lies below it. */
  readonly root: string;
  readonly home: KilnHome;
  readonly templates: string;
  readonly environment: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

export async function makeTestHome(): Promise<TestHome> {
  const environment = await testEnvironment();
  const sources = await sharedSources(environment);
  const root = await mkdtemp(join(tmpdir(), 'kiln-vm-'));
  // The build user has to get to what lies in it.
  await chmod(root, 0o755);
  const home = kilnHome({ KILN_HOME: join(root, 'home') });
  const templates = join(root, 'templates');
  await mkdir(templates);
  await mkdir(home.root);
  await takeSources(sources, home);
  return {
    ...{ root, home, templates },
    environment: { ...environment, KILN_HOME: home.root },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** What `./test` sets is kept; started otherwise, the tests find out for themselves. */
async function testEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { KILN_HOME: _, ...environment } = process.env;
  environment['PATH'] = `${environment['PATH'] ?? ''}:/usr/sbin:/sbin`;
  environment['NO_COLOR'] = '1';
  if (environment['KILN_NETWORK_ALLOW'] === undefined) {
    const { stdout } = await run(join(CHECKOUT, 'scripts/network-allow.sh'));
    environment['KILN_NETWORK_ALLOW'] = stdout.trim();
  }
  return environment;
}

/** A home that lasts from one run of the tests to the next, so that the source image is made once for each recipe. */
async function sharedSources(environment: NodeJS.ProcessEnv): Promise<KilnHome> {
  const place = process.env['KILN_TEST_HOME'] ?? join(tmpdir(), `kiln-test-home-${await recipeDigest()}`);
  await mkdir(place, { recursive: true, mode: 0o755 });
  await run(KILN, ['source', 'pull', SOURCE], { env: { ...environment, KILN_HOME: place }, maxBuffer: 2 ** 26 });
  return kilnHome({ KILN_HOME: place });
}

async function recipeDigest(): Promise<string> {
  const hash = createHash('sha256').update(String(process.getuid?.()));
  const entries = await readdir(RECIPE, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file.slice(RECIPE.length)).update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

/** The disks as links: nobody writes to them. */
async function takeSources(from: KilnHome, to: KilnHome): Promise<void> {
  await cp(join(from.sources, 'index'), join(to.sources, 'index'), { recursive: true });
  await mkdir(join(to.sources, 'disks'));
  for (const name of await readdir(join(from.sources, 'disks'))) {
    const [old, linked] = [join(from.sources, 'disks', name), join(to.sources, 'disks', name)];
    await link(old, linked).catch(() => copyFile(old, linked));
  }
  await copyFile(from.machineFacts, to.machineFacts).catch(() => undefined);
}
