import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BuildResult } from '../../build/run-build.ts';
import { prepareRun, runBuild } from '../../build/run-build.ts';
import { KilnError } from '../../errors/kiln-error.ts';
import type { BuildEvent } from '../../events/build-event.ts';
import { EventStream } from '../../events/event-stream.ts';
import { createEventFile, createLogFile } from '../../events/log-file.ts';
import { printable } from '../../events/printable.ts';
import { scrubber } from '../../events/scrub.ts';
import type { RunDirectory } from '../../home/run-directory.ts';
import type { Store } from '../../store/store.ts';
import type { OnError } from '../../template/model.ts';
import { allowDirOption } from '../allow-dir.ts';
import { addDeploymentOptions, type DeploymentOptions } from '../deployment/deployment-input.ts';
import { patientOf } from '../doctor.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadTemplate } from '../load-template.ts';
import { networkHint } from '../network-hint.ts';
import { json, jsonData, say } from '../output.ts';
import { placed, withoutSecrets } from '../place-in-file.ts';
import { createJsonLines } from '../render/json-lines.ts';
import { createPlainRenderer } from '../render/plain.ts';
import { summarize } from '../render/summary.ts';
import { createTerminalRenderer } from '../render/terminal.ts';
import { runLogs } from '../run-logs.ts';
import { templateDirectories, withServices } from '../services.ts';
import type { CheckedTemplate } from '../validate.ts';

interface BuildOptions extends DeploymentOptions {
  readonly output: 'text' | 'json';
  readonly events?: boolean;
  readonly onError?: OnError;
  readonly keepFor: number;
  readonly timeout?: number;
  readonly strict?: boolean;
  readonly allowDir: readonly string[];
}

export function addBuild(program: Command): void {
  const command = program
    .command('build')
    .description(
      'Builds what an AIB image template describes: boots its source on a VM, customizes, generalizes, validates, distributes.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .addOption(
      new Option('--output <form>', 'what to print on stdout at the end').choices(['text', 'json']).default('text'),
    )
    .option('--events', 'print every event on stdout, one JSON document a line')
    .addOption(
      new Option('--on-error <what>', 'what to do with the VM after an error; overrides `errorHandling`').choices([
        'cleanup',
        'abort',
      ]),
    )
    .addOption(
      new Option('--keep-for <duration>', 'how long a VM is kept after an error with `abort`')
        .argParser(seconds)
        .default(3600, '1h'),
    )
    .option('--timeout <duration>', 'overrides `buildTimeoutInMinutes`, e.g. 90s, 30m, 2h', seconds)
    .option('--strict', 'a missing resource group, gallery, definition or identity is an error, as in the service')
    .addOption(allowDirOption());
  addDeploymentOptions(command).action(build);
}

async function build(file: string, options: BuildOptions): Promise<void> {
  const { template, text: templateText, declared, outputs, place, secrets } = await loadTemplate(file, options);
  const signal = interruptSignal();
  await withServices(templateDirectories(file, options.allowDir), async services => {
    const run = await prepareRun(services);
    const scrub = scrubber(secrets);
    const stream = new EventStream(run.runId, scrub);
    const output = attachOutput(stream, run.directory, options);
    const request = {
      template,
      templateText,
      keepSeconds: options.keepFor,
      strict: options.strict ?? false,
      declared,
      place: (error: KilnError) => withoutSecrets(placed(error, place), scrub),
      scrub,
      ...(options.onError === undefined ? {} : { onError: options.onError }),
      ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
    };
    const result = await runBuild(run, request, services, stream, signal);
    output.finish(result, result.error === undefined ? await outputsOf(outputs, services.store) : undefined);
    const machine = patientOf(services.home, services.config);
    for (const line of await networkHint(result.error?.output ?? [], machine)) say(line);
    process.exitCode = result.error?.exit ?? 0;
  });
}

/** The outputs of a deployment. The image is there, even if one of them cannot be told. */
async function outputsOf(
  outputs: CheckedTemplate['outputs'],
  store: Store,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return await outputs?.(store);
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    say({ tone: 'warning', text: `warning: ${printable(error.message)}` });
    return undefined;
  }
}

/** Connects the stream to the run's logs, to the terminal and to stdout. */
function attachOutput(stream: EventStream, directory: RunDirectory, options: BuildOptions) {
  const logs = [
    createLogFile(directory.customizationLog, 'customize'),
    createLogFile(directory.validationLog, 'validate'),
    createEventFile(directory.events),
  ];
  for (const log of logs) stream.subscribe(log.listener);
  const terminal = process.stderr.isTTY ? createTerminalRenderer(process.stderr) : undefined;
  stream.subscribe(terminal?.listener ?? createPlainRenderer(line => say({ tone: 'plain', text: line })));
  if (options.events) stream.subscribe(createJsonLines(jsonLine => process.stdout.write(`${jsonLine}\n`)));
  const seen: BuildEvent[] = [];
  stream.subscribe(event => {
    if (event.type !== 'step-output' && event.type !== 'progress') seen.push(event);
  });
  return {
    finish(result: BuildResult, outputs: Readonly<Record<string, unknown>> | undefined): void {
      terminal?.close();
      for (const log of logs) {
        const incomplete = log.close();
        if (incomplete !== undefined) say({ tone: 'warning', text: `${log.path}: ${incomplete}` });
      }
      for (const [name, value] of Object.entries(outputs ?? {})) {
        say({ tone: 'plain', text: printable(`output ${name}: ${JSON.stringify(value)}`) });
      }
      if (options.output !== 'json') return;
      const facts = { runOutputs: result.outputs, logs: runLogs(directory) };
      const summary = { ...summarize(seen, facts), ...(outputs === undefined ? {} : { outputs }) };
      if (options.events) jsonData(summary);
      else json(summary);
    },
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
/** A timer that is set to more than 2^31 milliseconds goes off at once. */
const MAX_SECONDS = 480 * 3600;

/** `90s`, `30m`, `2h` as seconds. */
function seconds(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const value = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!(value > 0)) throw new InvalidArgumentError('A duration is a number and a unit: 90s, 30m, 2h.');
  if (value > MAX_SECONDS) throw new InvalidArgumentError('A duration is at most 480h.');
  return value;
}
