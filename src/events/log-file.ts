import { closeSync, openSync, writeSync } from 'node:fs';
import { bootTimes } from './boot-times.ts';
import type { BuildEvent, StepRef } from './build-event.ts';
import type { Listener } from './event-stream.ts';
import { jsonLine, printable } from './printable.ts';

/** A file that grows with the run. Writing never throws: a log that cannot be written must not decide a build. */
export interface LogFile {
  readonly path: string;
  readonly listener: Listener;
  /** Closes the file and says why it is incomplete, if it is. Safe to call twice. */
  close(): string | undefined;
}

/** Above this size a log takes no more output of steps: a guest that floods must not fill the host's disk. */
const OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * `customization.log` or `validation.log`: the steps of one phase, their output and their ends, dated. What optimizes the customized
 * machine is in the log of the customizers.
 */
export function createLogFile(
  path: string,
  phase: 'customize' | 'validate',
  outputLimit = OUTPUT_LIMIT_BYTES,
): LogFile {
  return openLog(path, outputLimit, event => {
    const lines = phaseLines(event, phase);
    return { lines: lines.map(text => `[${event.runId}] ${event.time} ${text}`), output: event.type === 'step-output' };
  });
}

/** `events.jsonl`: every event, one JSON document a line. */
export function createEventFile(path: string, outputLimit = OUTPUT_LIMIT_BYTES): LogFile {
  return openLog(path, outputLimit, event => ({ lines: [jsonLine(event)], output: event.type === 'step-output' }));
}

interface Rendered {
  readonly lines: readonly string[];
  readonly output: boolean;
}

function openLog(path: string, outputLimit: number, render: (event: BuildEvent) => Rendered): LogFile {
  let file: number | undefined = openSync(path, 'a', 0o640);
  let room = outputLimit;
  let incomplete: string | undefined;
  const listener = (event: BuildEvent): void => {
    if (file === undefined) return;
    const { lines, output } = render(event);
    if (lines.length === 0) return;
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    if (output) room -= bytes.length;
    if (output && room < 0) {
      incomplete ??= `more than ${Math.round(outputLimit / 1024 / 1024)} MiB of step output; the rest was left out`;
      return;
    }
    try {
      // Synchronous, so that the file holds everything up to the moment of a crash.
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    } catch (cause) {
      incomplete = (cause as Error).message;
      closeSync(file);
      file = undefined;
    }
  };
  const close = (): string | undefined => {
    if (file !== undefined) closeSync(file);
    file = undefined;
    return incomplete;
  };
  return { path, listener, close };
}

/** What a phase's log says of an event. `(telemetry)` marks are what readers of AIB's logs search for. */
function phaseLines(event: BuildEvent, phase: StepRef['phase']): readonly string[] {
  if (event.type === 'log') return [`${event.level === 'warning' ? 'WARNING' : 'INFO'} ${printable(event.message)}`];
  if (event.type === 'run-finished') return finishLines(event);
  if (event.type === 'boot-optimized' && phase === 'customize') return [`INFO ${printable(bootTimes(event))}`];
  if (!('step' in event) || logOf(event.step) !== phase) return [];
  const { step } = event;
  const title = `[${step.index}/${step.total}] ${step.type} ${printable(step.name)}`;
  const provisioner = step.type.toLowerCase();
  switch (event.type) {
    case 'step-started':
      return [`(telemetry) Starting provisioner ${provisioner}`, `==> ${title}`];
    case 'step-output':
      return [`${event.stream === 'stderr' ? 'ERR' : 'OUT'} ${printable(event.line)}`];
    case 'step-restarted-guest':
      return [`==> ${title}: the machine restarted`];
    case 'step-finished':
      return [
        `==> ${title}: ${event.ok ? 'done' : 'failed'}, exit code ${event.exitCode}, ${event.seconds.toFixed(1)} s`,
        `(telemetry) ending ${provisioner}`,
      ];
  }
}

function logOf({ phase }: StepRef): StepRef['phase'] {
  return phase === 'optimize' ? 'customize' : phase;
}

function finishLines(event: BuildEvent & { type: 'run-finished' }): readonly string[] {
  const { error } = event;
  const failed = error === undefined ? [] : [`ERROR ${error.code}: ${printable(error.message)}`];
  return [...failed, '(telemetry) Finalizing.', `==> ${event.status} after ${event.seconds.toFixed(1)} s`];
}
