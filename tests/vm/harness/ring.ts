import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type KilnBuild, type KilnEnd, type KilnProcess, startBuild, startKiln } from './kiln-process.ts';
import { lastingProcesses, processesOf, storedFiles, strayFiles } from './leftovers.ts';
import { type TemplateParts, template } from './template.ts';
import { makeTestHome, type TestHome } from './test-home.ts';

/** What a file of vm tests works with. */
export interface Ring {
  readonly at: TestHome;
  /** Writes a template and the files beside it; returns the template's path. */
  write(parts: TemplateParts, files?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts a build of a template that is written for it. */
  build(parts: TemplateParts, ...options: readonly string[]): Promise<KilnBuild>;
  /** Starts a build of a template file. */
  buildFile(file: string, ...options: readonly string[]): KilnBuild;
  kiln(...args: readonly string[]): Promise<KilnEnd>;
  /** The JSON that a command prints; the command must succeed. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Nothing of any run is at work or half-made. Runs no command of Kiln: nothing cleans up on the way. */
  expectNothingLeft(): Promise<void>;
}

interface Copied {
  readonly copies: readonly { readonly path: string }[];
}

/**
 * A home for the tests of one file. After each test nothing of its runs may be left: no process, no mount, no socket, no
 * overlay, nothing half-published.
 */
export function useRing(): Ring {
  let made: TestHome | undefined;
  let started: KilnProcess[] = [];
  let count = 0;
  const at = (): TestHome => {
    if (made === undefined) throw new Error('the home is made before the first test');
    return made;
  };
  const watched = <T extends KilnProcess>(kiln: T): T => {
    started.push(kiln);
    return kiln;
  };
  const ring: Ring = {
    get at() {
      return at();
    },
    write: async (parts, files = {}) => {
      count += 1;
      const directory = join(at().templates, String(count));
      await mkdir(directory);
      for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
      const file = join(directory, 'template.json');
      await writeFile(file, JSON.stringify(template(parts), undefined, 2));
      return file;
    },
    build: async (parts, ...options) => ring.buildFile(await ring.write(parts), ...options),
    buildFile: (file, ...options) => watched(startBuild(at(), file, options)),
    kiln: (...args) => watched(startKiln(at(), args)).ended,
    json: async (...args) => {
      const { exitCode, stdout, stderr } = await ring.kiln(...args, '--output', 'json');
      expect(exitCode, stderr).toBe(0);
      return JSON.parse(stdout);
    },
    expectNothingLeft: async () => {
      expect(await lastingProcesses(at().root)).toEqual([]);
      expect(await strayFiles(at().home)).toEqual([]);
    },
  };
  const published = async (): Promise<string[]> => {
    const images = (await ring.json('image', 'list')) as readonly (Copied & { dataDisks: readonly Copied[] })[];
    return images.flatMap(image => [image, ...image.dataDisks].flatMap(disk => disk.copies.map(copy => copy.path)));
  };

  beforeAll(async () => {
    made = await makeTestHome();
  });
  afterEach(async () => {
    const overdue = started.filter(kiln => kiln.running);
    for (const kiln of overdue) kiln.signal('SIGKILL');
    started = [];
    try {
      expect(overdue.map(kiln => kiln.pid)).toEqual([]);
      await ring.expectNothingLeft();
      expect((await storedFiles(at().home)).sort()).toEqual([...new Set(await published())].sort());
    } finally {
      // What a failed test leaves is not left to the next one.
      for (const { pid } of await processesOf(at().root)) process.kill(pid, 'SIGKILL');
    }
  });
  afterAll(async () => {
    await made?.remove();
  });
  return ring;
}
