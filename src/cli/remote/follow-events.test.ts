import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BuildEvent } from '../../events/build-event.ts';
import { followEvents } from './follow-events.ts';
import type { ServerCall, ServerClient } from './server-client.ts';

const COMMENT = ': still here\n\n';
const END = 'event: end\ndata: {"status":"Succeeded"}\n\n';
const sent = (id: number): string => `id: ${id}\ndata: {"seq":${id}}\n\n`;

/** A server whose streams are these, one after the other; the last of them again and again. An error breaks a stream. */
function serverOf(...streams: readonly (readonly (string | Error)[])[]) {
  const calls: ServerCall[] = [];
  const client: Pick<ServerClient, 'url' | 'stream'> = {
    url: 'https://kiln.example',
    stream: async call => {
      const stream = streams[Math.min(calls.length, streams.length - 1)] ?? [];
      calls.push(call);
      async function* body() {
        for (const part of stream) {
          if (part instanceof Error) throw part;
          yield Buffer.from(part);
        }
      }
      return { status: 200, body: body() };
    },
  };
  return { client, calls };
}

async function followed(
  client: Pick<ServerClient, 'url' | 'stream'>,
  signal = new AbortController().signal,
): Promise<readonly number[]> {
  const events: BuildEvent[] = [];
  for await (const event of followEvents(client, '/events', { follow: true, signal, pauseMs: 0 })) events.push(event);
  return events.map(({ seq }) => seq);
}

test('a broken stream is taken up behind the last event, as often as comments say that the server is alive', async () => {
  const silent = Array.from({ length: 100 }, (_, i) => [COMMENT, ...(i % 2 === 0 ? [] : [new Error('reset')])]);
  const { client, calls } = serverOf([sent(1), new Error('reset')], ...silent, [sent(2), END]);
  expect(await followed(client)).toEqual([1, 2]);
  expect(calls).toHaveLength(102);
  expect(calls.at(-1)?.headers).toMatchObject({ 'last-event-id': '1' });
});

test.each([
  ['ends without a word', [], 'ended before the run'],
  ['breaks', [new Error('Body Timeout Error')], 'Body Timeout Error'],
])('a stream that %s again and again is a server that cannot be reached', async (_, stream, reason) => {
  const { client, calls } = serverOf(stream);
  await expect(followed(client)).rejects.toMatchObject({
    code: 'ServerUnreachable',
    message: expect.stringContaining(reason),
  });
  expect(calls).toHaveLength(60);
});

test('following ends with its signal, also while there are comments only', async () => {
  const stop = new AbortController();
  let given: AbortSignal | undefined;
  async function* body() {
    for (;;) {
      await delay(5);
      yield Buffer.from(COMMENT);
    }
  }
  const client: Pick<ServerClient, 'url' | 'stream'> = {
    url: 'https://kiln.example',
    stream: async ({ signal }) => {
      given = signal;
      return { status: 200, body: body() };
    },
  };
  setTimeout(() => stop.abort(), 30);
  await expect(followed(client, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(given).toBe(stop.signal);
});
