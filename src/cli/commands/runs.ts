import { readFile, rm } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { endKeptMachine, findKeptMachine } from '../../build/kept-machine.ts';
import type { BuildServices } from '../../build/services.ts';
import { freeRun } from '../../build/sweep.ts';
import { buildError } from '../../errors/build.ts';
import { isAlive } from '../../home/process-lock.ts';
import { listRuns, outputsOfRun, removeRun } from '../../store/runs.ts';
import { type FoundRun, findRun } from '../find-run.ts';
import { data, json, say } from '../output.ts';
import { type ServerOptions, serverOption, subscriptionOption, withServer } from '../remote/connect.ts';
import { listRunsOf, showRunOf } from '../remote/show-runs.ts';
import { runLogs } from '../run-logs.ts';
import { renderRun, renderRuns } from '../run-view.ts';
import { withServices } from '../services.ts';

interface Output extends ServerOptions {
  readonly output: 'text' | 'json';
}

const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');

export function addRuns(program: Command): void {
  const runs = program.command('runs').description('What builds have run here, and what is left of them.');
  runs
    .command('list')
    .description('All runs, the newest first.')
    .addOption(output())
    .addOption(serverOption())
    .addOption(subscriptionOption())
    .action(list);
  runs
    .command('show')
    .description('One run: how it ended, its outputs, where its logs are.')
    .argument('[run]', 'id, beginning of an id, or `last`', 'last')
    .addOption(output())
    .addOption(serverOption())
    .addOption(subscriptionOption())
    .action(show);
  runs
    .command('clean')
    .description('Ends kept VMs and frees their disks: of the runs named, or of all.')
    .argument('[run...]', 'ids or beginnings of ids')
    .option('--logs', 'remove the logs and the record too; what was published stays')
    .action(clean);
}

async function list(options: Output): Promise<void> {
  const { server } = options;
  if (server) return withServer({ ...options, server }, (client, of) => listRunsOf(client, of, options.output));
  await withServices([], async services => {
    const runs = await listRuns(services.store);
    if (options.output === 'json') json(runs);
    else data(renderRuns(runs));
  });
}

async function show(name: string, options: Output): Promise<void> {
  const { server } = options;
  if (server) return withServer({ ...options, server }, (client, of) => showRunOf(client, of, name, options.output));
  await withServices([], async services => {
    const { record, directory } = await findRun(services, name);
    const runOutputs = await outputsOfRun(services.store, record.id);
    const kept = await findKeptMachine(directory.root);
    const view = { ...record, runOutputs, logs: runLogs(directory), keptUntil: kept?.until ?? null };
    if (options.output === 'json') json(view);
    else data(renderRun(view));
  });
}

async function clean(names: readonly string[], options: { readonly logs?: boolean }): Promise<void> {
  await withServices([], async services => {
    let cleaned = 0;
    const all = names.length === 0 ? (await listRuns(services.store)).map(run => run.id) : names;
    for (const name of all) {
      const run = await findRun(services, name);
      const { status, owner = '' } = run.record;
      const lock = await readFile(run.directory.lock, 'utf8').catch(() => '');
      const holder = lock === '' && status === 'Running' ? owner : lock;
      if (isAlive(holder) || status === 'Queued') {
        if (names.length === 0) continue;
        throw buildError('RunIsActive', { run: run.record.id, pid: holder.split('-')[0] || 'none yet: it is queued' });
      }
      await cleanRun(services, run, options.logs ?? false);
      cleaned += 1;
    }
    say({ tone: 'plain', text: `Cleaned up after ${cleaned} ${cleaned === 1 ? 'run' : 'runs'}.` });
  });
}

async function cleanRun(services: BuildServices, { record, directory }: FoundRun, logs: boolean): Promise<void> {
  const kept = await findKeptMachine(directory.root);
  if (kept !== undefined) {
    await endKeptMachine(kept);
    say({ tone: 'plain', text: `Ended the VM of run ${record.id}.` });
  }
  await freeRun(services, record.id, directory);
  if (!logs) return;
  await rm(directory.root, { recursive: true, force: true });
  await removeRun(services.store, record.id);
  say({ tone: 'plain', text: `Removed run ${record.id}.` });
}
