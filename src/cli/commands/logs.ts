import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { isAlive } from '../../home/process-lock.ts';
import { machineDirectory, type RunDirectory } from '../../home/run-directory.ts';
import { findRun } from '../find-run.ts';
import { interruptSignal } from '../interrupt.ts';
import { type ServerOptions, serverOption, subscriptionOption, withServer } from '../remote/connect.ts';
import { printLogOf } from '../remote/print-log.ts';
import { findRunOf } from '../remote/runs-of-server.ts';
import { withServices } from '../services.ts';

const LOGS: Readonly<Record<string, (directory: RunDirectory) => string>> = {
  customization: directory => directory.customizationLog,
  validation: directory => directory.validationLog,
  events: directory => directory.events,
  serial: directory => machineDirectory(directory.buildMachine).serialLog,
  qemu: directory => machineDirectory(directory.buildMachine).qemuLog,
  'validation-serial': directory => machineDirectory(directory.validationMachine).serialLog,
  'validation-qemu': directory => machineDirectory(directory.validationMachine).qemuLog,
};
const POLL_MS = 250;

interface LogsOptions extends ServerOptions {
  readonly follow?: boolean;
  readonly log: string;
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('Prints a log of a run.')
    .argument('[run]', 'id, beginning of an id, or `last`', 'last')
    .option('-f, --follow', 'go on until the run has ended')
    .addOption(new Option('--log <name>', 'which log').choices(Object.keys(LOGS)).default('customization'))
    .addOption(serverOption())
    .addOption(subscriptionOption())
    .action(logs);
}

async function logs(name: string, options: LogsOptions): Promise<void> {
  const { server, follow = false, log } = options;
  if (server) {
    const signal = interruptSignal();
    await withServer({ ...options, server }, async (client, subscription) =>
      printLogOf(client, await findRunOf(client, subscription, name), { log, follow, signal }),
    );
    return;
  }
  const directory = await withServices([], async services => (await findRun(services, name)).directory);
  const path = LOGS[options.log]?.(directory) ?? directory.customizationLog;
  let at = await print(path, 0);
  while (options.follow && !process.stdout.destroyed && (await isActive(directory))) {
    await delay(POLL_MS);
    at = await print(path, at);
  }
  if (options.follow) await print(path, at);
}

async function isActive(directory: RunDirectory): Promise<boolean> {
  return isAlive(await readFile(directory.lock, 'utf8').catch(() => ''));
}

/** Writes a file from a position on to stdout; returns where it ends. */
async function print(path: string, from: number): Promise<number> {
  if (!existsSync(path)) return from;
  const { size } = await stat(path);
  if (size <= from) return from;
  for await (const chunk of createReadStream(path, { start: from, end: size - 1 }))
    process.stdout.write(chunk as Buffer);
  return size;
}
