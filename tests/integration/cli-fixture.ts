import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { type KilnHome, kilnHome } from '../../src/home/kiln-home.ts';

export const KILN = join(import.meta.dirname, '../../kiln');

export interface CliEnd {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line on a home of a test's own. */
export interface CliSite extends AsyncDisposable {
  readonly root: string;
  readonly home: KilnHome;
  readonly environment: NodeJS.ProcessEnv;
  kiln(...args: readonly string[]): Promise<CliEnd>;
  /** The document that a command prints with `--output json`; the command must succeed. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Writes a file below the root and returns its path. */
  write(name: string, content: string | object): Promise<string>;
}

/** @param place a directory with a `home` in it; a new one with a new home when absent */
export async function cliSite(place?: string): Promise<CliSite> {
  const root = place ?? (await mkdtemp(join(tmpdir(), 'kiln-cli-')));
  // The build user has to get to what lies in it.
  await chmod(root, 0o755);
  const home = kilnHome({ KILN_HOME: join(root, 'home') });
  await mkdir(home.root, { recursive: true });
  // Each of them decides whether Node uses colours.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...others } = process.env;
  const environment = {
    ...others,
    KILN_HOME: home.root,
    // Half of the time of a short command is that of compiling it.
    NODE_COMPILE_CACHE: join(root, 'compile-cache'),
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  };
  const site: CliSite = {
    ...{ root, home, environment },
    kiln: async (...args) => {
      const options = { env: environment, extendEnv: false, reject: false, stdin: 'ignore' } as const;
      const { exitCode, stdout, stderr } = await execa(KILN, args, options);
      return { exitCode, stdout, stderr };
    },
    json: async (...args) => {
      const { exitCode, stdout, stderr } = await site.kiln(...args, '--output', 'json');
      expect(exitCode, stderr).toBe(0);
      return JSON.parse(stdout);
    },
    write: async (name, content) => {
      const path = join(root, name);
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
      return path;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
  return site;
}

/** Adds a small disk as `name:1.0.0`. */
export async function addSmallSource(site: CliSite, name: string): Promise<CliEnd> {
  const file = join(site.root, 'small.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M']);
  return site.kiln('source', 'add', name, file, '--version', '1.0.0', '--format', 'qcow2');
}
