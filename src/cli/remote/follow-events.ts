import { setTimeout as delay } from 'node:timers/promises';
import { KilnError } from '../../errors/kiln-error.ts';
import type { BuildEvent } from '../../events/build-event.ts';
import type { ServerClient } from './server-client.ts';

/** A server-sent event. */
interface Sent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

const PAUSE_MS = 1000;
/** So often in succession a stream may break without an event in it. */
const MOST_BREAKS = 60;

/**
 * The events of a run of a server, until its end. A stream that breaks is taken up again where it broke.
 *
 * @param path of the events
 * @param follow go on until the run has ended; else what there is
 */
export async function* followEvents(
  client: ServerClient,
  path: string,
  { follow, signal }: { readonly follow: boolean; readonly signal: AbortSignal },
): AsyncGenerator<BuildEvent, void> {
  let last: string | undefined;
  for (let breaks = 0; breaks < MOST_BREAKS; breaks += 1) {
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
      const { status, body } = await client.stream({ path: follow ? path : `${path}?follow=false`, headers });
      if (status === 204) return;
      for await (const { id, name, data } of sentEvents(body)) {
        if (signal.aborted) return;
        if (name === 'end') return;
        last = id ?? last;
        breaks = 0;
        if (data !== '') yield JSON.parse(data) as BuildEvent;
      }
      if (!follow) return;
    } catch (error) {
      // What the server refuses it refuses the next time, too.
      if (error instanceof KilnError && error.code !== 'ServerUnreachable') throw error;
      if (breaks === MOST_BREAKS - 1) throw error;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

async function* sentEvents(body: AsyncIterable<Buffer>): AsyncGenerator<Sent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
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
