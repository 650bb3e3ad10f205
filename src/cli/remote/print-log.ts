import { setTimeout as delay } from 'node:timers/promises';
import { commandLineError } from '../../errors/command-line.ts';
import { jsonLine } from '../../events/printable.ts';
import { followEvents } from './follow-events.ts';
import { runPath } from './runs-of-server.ts';
import type { ServerClient } from './server-client.ts';

const POLL_MS = 1000;
/** Logs that a server shows; the others hold what only its own machine knows. */
const REMOTE_LOGS = ['customization', 'validation', 'events'];

/** Writes a log of a run of a server to stdout, until the run's end with `follow`. */
export async function printLogOf(
  client: ServerClient,
  run: { readonly templateId: string; readonly id: string },
  { log, follow, signal }: { readonly log: string; readonly follow: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (!REMOTE_LOGS.includes(log)) {
    throw commandLineError('WrongUsage', { problem: `a server has the logs ${REMOTE_LOGS.join(', ')}, not ${log}` });
  }
  if (log === 'events') {
    const events = followEvents(client, `${runPath(run)}/events`, { follow, signal });
    for await (const event of events) process.stdout.write(`${jsonLine(event)}\n`);
    return;
  }
  const path = `${runPath(run)}/logs/${log}`;
  for (let at = 0; !signal.aborted && !process.stdout.destroyed; ) {
    const answer = await client.call({ path, headers: { range: `bytes=${at}-` }, expected: [416], signal });
    const text = answer.status === 416 ? '' : answer.text;
    // The status is that before the log was read: after an end nothing is added.
    const ended = !['Queued', 'Running'].includes(answer.header('kiln-run-status') ?? '');
    process.stdout.write(text);
    at = Number(/^bytes \d+-(\d+)\//.exec(answer.header('content-range') ?? '')?.[1] ?? at - 1) + 1;
    if (!follow || (ended && text === '')) return;
    if (text === '') await delay(POLL_MS, undefined, { signal });
  }
}
