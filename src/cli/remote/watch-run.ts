import { setTimeout as delay } from 'node:timers/promises';
import { buildError } from '../../errors/build.ts';
import type { ExitCode } from '../../errors/kiln-error.ts';
import { printable } from '../../events/printable.ts';
import type { RunDocument, RunSummaryDocument } from '../../server/runs/run-documents.ts';
import { say } from '../output.ts';
import { createPlainRenderer } from '../render/plain.ts';
import { createTerminalRenderer } from '../render/terminal.ts';
import { errorLines } from '../render/wording.ts';
import { followEvents } from './follow-events.ts';
import { getRunOf, runPath, runsOf } from './runs-of-server.ts';
import type { ServerClient } from './server-client.ts';

const POLL_MS = 1000;
const EXITS: Readonly<Record<string, ExitCode | 0>> = { Succeeded: 0, Canceled: 130, TimedOut: 5 };

/** The run that an operation began. @throws KilnError `RunNotFound` */
export async function runOfOperation(
  client: ServerClient,
  templateId: string,
  operationId: string,
): Promise<RunSummaryDocument> {
  for await (const run of runsOf(client, templateId, 10)) {
    if (run.operationId.toLowerCase() === operationId.toLowerCase()) return run;
  }
  throw buildError('RunNotFound', { run: operationId });
}

/** Shows a run of a server as `kiln build` shows one of this machine, until its end. Returns the run as it is then. */
export async function watchRun(
  client: ServerClient,
  run: RunSummaryDocument,
  signal: AbortSignal,
): Promise<RunDocument> {
  await waitForTurn(client, run, signal);
  const terminal = process.stderr.isTTY ? createTerminalRenderer(process.stderr) : undefined;
  const listener = terminal?.listener ?? createPlainRenderer(line => say({ tone: 'plain', text: line }));
  let told = false;
  try {
    const events = followEvents(client, `${runPath(run)}/events`, { follow: true, signal });
    for await (const event of events) {
      listener(event);
      told = event.type === 'run-finished';
    }
  } finally {
    terminal?.close();
  }
  const ended = await getRunOf(client, run);
  // A run whose process was killed has no last event.
  if (!told && ended.error !== null) say(...errorLines(ended.error as never));
  return ended;
}

/** With what code a command ends that has shown a run. */
export function exitOf({ status, error }: Pick<RunDocument, 'status' | 'error'>): ExitCode | 0 {
  return error?.code === 'ValidatorFailed' ? 4 : (EXITS[status] ?? 1);
}

async function waitForTurn(client: ServerClient, run: RunSummaryDocument, signal: AbortSignal): Promise<void> {
  let shown: number | null = null;
  for (;;) {
    const { status, queuePosition } = await getRunOf(client, run);
    if (status !== 'Queued') return;
    if (queuePosition !== shown) {
      const before = queuePosition === 1 ? '1 run' : `${queuePosition ?? 0} runs`;
      say({ tone: 'plain', text: `Run ${run.id} of ${printable(run.templateName)} is queued, ${before} before it` });
      shown = queuePosition;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
