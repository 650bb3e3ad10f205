import { bootTimes } from '../../events/boot-times.ts';
import type { BuildEvent, ErrorBody, RunStatus, Stage, StepRef } from '../../events/build-event.ts';
import { printable } from '../../events/printable.ts';
import { duration, progressText, size } from './amounts.ts';

/** How much a line matters; a terminal chooses a colour by it. */
export type Tone = 'plain' | 'faint' | 'good' | 'warning' | 'bad' | 'title';

export interface Line {
  readonly tone: Tone;
  readonly text: string;
}

/** What each stage does, as the first word of its line. */
export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  resolve: 'Resolving the source',
  fetch: 'Fetching scripts and files',
  boot: 'Booting the build VM',
  customize: 'Customizing',
  optimize: 'Optimizing',
  generalize: 'Generalizing',
  validate: 'Validating',
  distribute: 'Distributing',
  'clean-up': 'Cleaning up',
};

const STATUS: Readonly<Record<RunStatus, Line>> = {
  Queued: { tone: 'plain', text: 'Queued' },
  Running: { tone: 'plain', text: 'Running' },
  Succeeded: { tone: 'good', text: 'Succeeded' },
  PartiallySucceeded: { tone: 'warning', text: 'Partially succeeded' },
  Failed: { tone: 'bad', text: 'Failed' },
  Canceled: { tone: 'warning', text: 'Canceled' },
  TimedOut: { tone: 'bad', text: 'Timed out' },
};

/** `[3/7]`; `[Generalize]` for what Kiln itself does between the template's steps. */
export function stepTag(step: StepRef): string {
  return step.total === 0 ? `[${printable(step.type)}]` : `[${step.index}/${step.total}]`;
}

/** `[3/7] Shell setupBuildPath`; steps of the validation say so, because they count from 1 again. */
export function stepTitle(step: StepRef): string {
  const phase = { customize: '', optimize: 'optimization ', validate: 'validator ' }[step.phase];
  return `${stepTag(step)} ${phase}${printable(step.type)} ${printable(step.name)}`;
}

/** The one line that an event is worth in a list of what happened; `undefined` for events that only move a display. */
export function lineOf(event: BuildEvent): Line | undefined {
  switch (event.type) {
    case 'run-started':
      return { tone: 'title', text: `Building ${printable(event.template)} (run ${event.runId})` };
    case 'stage-started':
      return { tone: 'title', text: STAGE_NAMES[event.stage] };
    case 'stage-finished':
      return { tone: 'faint', text: `${STAGE_NAMES[event.stage]}: ${duration(event.seconds)}` };
    case 'source-resolved':
      return { tone: 'plain', text: `Source ${printable(event.exactVersion)} ${printable(event.digest)}` };
    case 'machine-started': {
      const size = `${event.cpus} CPUs, ${event.memoryMiB} MiB`;
      return { tone: 'faint', text: `The ${printable(event.role)} VM runs (${event.accelerator}, ${size})` };
    }
    case 'machine-stopped':
      return { tone: 'faint', text: `The ${printable(event.role)} VM is off` };
    case 'waiting':
      return { tone: 'faint', text: `Waiting for ${printable(event.wait)} (${event.index}/${event.total})` };
    case 'step-started':
      return { tone: 'plain', text: stepTitle(event.step) };
    case 'step-output':
      return { tone: 'faint', text: printable(event.line) };
    case 'step-restarted-guest':
      return { tone: 'warning', text: `${stepTitle(event.step)}: the machine restarted` };
    case 'step-finished': {
      const end = event.ok
        ? duration(event.seconds)
        : `failed, exit code ${event.exitCode}, ${duration(event.seconds)}`;
      return { tone: event.ok ? 'good' : 'bad', text: `${stepTitle(event.step)}  ${end}` };
    }
    case 'progress': {
      const amount = progressText(event.done, event.total, event.unit);
      return { tone: 'faint', text: `${printable(event.what)}: ${amount}` };
    }
    case 'log':
      return event.level === 'warning'
        ? { tone: 'warning', text: `warning: ${printable(event.message)}` }
        : { tone: 'plain', text: printable(event.message) };
    case 'artifact-published':
      return { tone: 'good', text: `Published ${printable(event.runOutputName)}: ${printable(event.artifact)}` };
    case 'boot-optimized':
      return { tone: 'good', text: printable(bootTimes(event)) };
    case 'machine-kept':
      return {
        tone: 'warning',
        text: `The ${printable(event.role)} VM is kept until ${event.until}: ${printable(event.ssh)}`,
      };
    case 'run-finished':
      return { tone: STATUS[event.status].tone, text: `${STATUS[event.status].text} after ${duration(event.seconds)}` };
  }
}

/** An error as a person reads it: what happened, where, the last lines of output, the log, what to do. */
export function errorLines(error: ErrorBody): Line[] {
  const message = printable(error.message);
  const lines: Line[] = [{ tone: 'bad', text: `error ${error.code}: ${message}` }];
  const say = (tone: Tone, text: string) => lines.push({ tone, text: `  ${text}` });
  const details = error.details ?? [];
  // A list of problems names the place of each; a single problem that the message already tells is not told twice.
  if (!details.some(one => one.target === error.target) && error.target) say('plain', `at ${printable(error.target)}`);
  for (const detail of details) {
    const at = detail.line === undefined ? '' : `line ${detail.line}, column ${detail.column ?? 1}`;
    const where = detail.target ? printable(detail.target) : '';
    if (details.length === 1 && error.message.includes(detail.message)) {
      if (where !== '' || at !== '') say('plain', `at ${where}${where && at && ', '}${at}`);
      continue;
    }
    const severity = detail.severity === undefined ? '' : `${detail.severity}: `;
    say('plain', `${severity}${where && `${where}: `}${printable(detail.message)}${at && ` (${at})`}`);
  }
  for (const line of error.output ?? []) say('faint', `| ${printable(line)}`);
  if (error.log !== undefined) say('plain', `log: ${printable(error.log)}`);
  if (error.todo !== undefined) say('plain', printable(error.todo));
  return lines;
}

/** One artifact in the closing summary. */
export function artifactLines(event: BuildEvent & { type: 'artifact-published' }): Line[] {
  const name = printable(event.runOutputName);
  const known = event.path === undefined || event.artifact === `file://${event.path}`;
  const path = known ? [] : [{ tone: 'faint', text: `      ${printable(event.path ?? '')}` } as const];
  const digest: Line = { tone: 'faint', text: `      ${printable(event.digest)}  ${size(event.sizeBytes)}` };
  return [{ tone: 'plain', text: `  ${name}  ${printable(event.artifact)}` }, ...path, digest];
}
