import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { CliEnd, CliSite } from './cli-fixture.ts';

/** The Azure CLI as Debian has it, logged in at a service. */
export interface Az {
  readonly environment: NodeJS.ProcessEnv;
  /** Runs it, whatever the end. */
  run(...args: readonly string[]): Promise<CliEnd>;
  /** It has to succeed; the JSON that it prints, `undefined` when that is nothing. */
  json(...args: readonly string[]): Promise<unknown>;
  /** It has to fail; what it prints of the error. */
  refused(...args: readonly string[]): Promise<string>;
  /** Lines as somebody types them, in a shell that ends at the first that fails; what they print. */
  shell(lines: string, variables?: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * Whether the tests can have the Azure CLI. `npm test` says which test was skipped; on Debian, where `scripts/setup.sh`
 * installs it for the tests, its absence is a failure on a machine that runs the tests of every change.
 */
export async function hasAz(): Promise<boolean> {
  const places = (process.env['PATH'] ?? '').split(':').map(directory => join(directory, 'az'));
  const found = await Promise.all(
    places.map(place =>
      access(place, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (found.includes(true)) return true;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (/^ID=debian$/m.test(release) && process.env['CI'] !== undefined) {
    throw new Error('the Azure CLI is missing: KILN_SETUP=tests ./scripts/setup.sh installs it');
  }
  return false;
}

/**
 * Does what `kiln connect az` says, to the letter, and is logged in after it.
 *
 * @param secret of the one client that there is
 */
export async function azAt(site: Pick<CliSite, 'root' | 'environment' | 'kiln'>, secret: string): Promise<Az> {
  const directory = join(site.root, 'connect');
  const { exitCode, stderr } = await site.kiln('connect', 'az', '--write', directory);
  expect(exitCode, stderr).toBe(0);
  const lines = await readFile(join(directory, 'connect.sh'), 'utf8');
  expect(lines).toContain("-p '<secret>'");
  // The tests' own Python settings are none of az's.
  const { PYTHONPATH: _, ...others } = site.environment;
  const shell = (script: string, environment: NodeJS.ProcessEnv) =>
    execa('bash', ['-e', '-c', script], { env: environment, extendEnv: false, reject: false, stdin: 'ignore' });
  const connected = await shell(`{ ${lines.replace('<secret>', secret)}\n} >&2; env -0`, others);
  expect(connected.exitCode, connected.stderr).toBe(0);
  const environment = Object.fromEntries(
    connected.stdout
      .split('\0')
      .filter(entry => entry.includes('='))
      .map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  const az: Az = {
    environment,
    run: async (...args) => {
      const options = { env: environment, extendEnv: false, reject: false, stdin: 'ignore' } as const;
      const { exitCode, stdout, stderr } = await execa('az', args, options);
      return { exitCode, stdout, stderr };
    },
    json: async (...args) => {
      const { exitCode, stdout, stderr } = await az.run(...args, '-o', 'json');
      expect(exitCode, `az ${args.join(' ')}\n${stderr}`).toBe(0);
      return stdout === '' ? undefined : JSON.parse(stdout);
    },
    refused: async (...args) => {
      const { exitCode, stdout, stderr } = await az.run(...args);
      expect(exitCode, `az ${args.join(' ')}\n${stdout}`).not.toBe(0);
      expect(stderr).not.toContain('Traceback');
      return stderr;
    },
    shell: async (script, variables = {}) => {
      const { exitCode, stdout, stderr } = await shell(script, { ...environment, ...variables });
      expect(exitCode, `${script}\n${stderr}`).toBe(0);
      return stdout;
    },
  };
  return az;
}
