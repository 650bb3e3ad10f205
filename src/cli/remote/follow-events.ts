import { setTimeout as delay } from 'node:timers/promises';
import { KilnError } from '../../errors/kiln-error.ts';
import type { BuildEvent } from '../../events/build-event.ts';
import { type ServerClient, unreachable } from './server-client.ts';

/** A server-sent event. */
interface Sent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

const PAUSE_MS = 1000;
/** So often in succession a stream may break without anything of it having come. */
const MOST_BREAKS = 60;

/**
 * The events of a run of a server, until its end. A stream that breaks is taken up again where it broke.
 *
 * @param path of the events
 * @param follow go on until the run has ended; else what there is
 * @param pauseMs before a stream is taken up again, for tests
 * @throws KilnError what the server refuses; `ServerUnreachable` when the stream breaks again and again. The signal's reason, when aborted.
 */
export async function* followEvents(
  client: Pick<ServerClient, 'url' | 'stream'>,
  path: string,
  {
    follow,
    signal,
    pauseMs = PAUSE_MS,
  }: { readonly follow: boolean; readonly signal: AbortSignal; readonly pauseMs?: number },
): AsyncGenerator<BuildEvent, void> {
  let last: string | undefined;
  let broken: unknown;
  for (let breaks = 0; breaks < MOST_BREAKS; breaks += 1) {
    if (breaks > 0) await delay(pauseMs, undefined, { signal });
    // A run may say nothing for long: the comments in its silence are life, too.
    const alive = (): void => {
      signal.throwIfAborted();
      breaks = 0;
    };
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
      const { status, body } = await client.stream({ path: follow ? path : `${path}?follow=false`, headers, signal });
      if (status === 204) return;
      for await (const { id, name, data } of sentEvents(body, alive)) {
        signal.throwIfAborted();
        if (name === 'end') return;
        last = id ?? last;
        if (data !== '') yield JSON.parse(data) as BuildEvent;
      }
      if (!follow) return;
      broken = 'the stream of events ended before the run';
    } catch (error) {
      signal.throwIfAborted();
      // What the server refuses it refuses the next time, too.
      if (error instanceof KilnError && error.code !== 'ServerUnreachable') throw error;
      broken = error;
    }
  }
  throw broken instanceof KilnError ? broken : unreachable(client.url, broken);
}

async function* sentEvents(body: AsyncIterable<Buffer>, alive: () => void): AsyncGenerator<Sent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    alive();
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').flatMap(line => {
          const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          return field === undefined ? [] : [[field, value] as const];
        }),
      );
      if (fields.size === 0) continue;
      yield { id: fields.get('id'), name: fields.get('event') ?? 'message', data: fields.get('data') ?? '' };
    }
  }
}
