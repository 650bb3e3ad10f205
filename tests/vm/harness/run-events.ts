import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { BuildEvent } from '../../../src/events/build-event.ts';

/** Somebody who watches a run of a service, and comes back where the connection ended. */
export interface RunEvents {
  readonly events: readonly BuildEvent[];
  /** Connections so far, refused ones left out. */
  readonly connections: number;
  /** The first event, past or to come, that fits; rejects when the run ends without one. */
  event(what: string, fits: (event: BuildEvent) => boolean): Promise<BuildEvent>;
  /** The status that the stream ends with. */
  readonly ended: Promise<string>;
  /** Cuts the connection. */
  cut(): void;
  [Symbol.dispose](): void;
}

export interface EventsAddress {
  readonly url: string;
  readonly authority: string;
  readonly token: string;
}

export function followRun({ url, authority, token }: EventsAddress): RunEvents {
  const events: BuildEvent[] = [];
  const ca = readFileSync(authority);
  const closing = new AbortController();
  let [lastId, connections] = ['', 0];
  let stream: IncomingMessage | undefined;
  let changed = Promise.withResolvers<void>();

  const connect = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
      const resumed = lastId === '' ? {} : { 'last-event-id': lastId };
      const asking = request(url, { ca, headers: { ...headers, ...resumed }, signal: closing.signal }, resolve);
      asking.once('error', reject).end();
    });

  /** Resolves with the status of a run that has ended; with nothing when there was just no more to read. */
  const read = async (): Promise<string | undefined> => {
    stream = await connect();
    if (stream.statusCode !== 200) throw new Error(`${url}: status ${stream.statusCode}`);
    connections += 1;
    let text = '';
    for await (const part of stream.setEncoding('utf8')) {
      const blocks = `${text}${part}`.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        if (block.startsWith('event: end')) return String(JSON.parse(data).status);
        lastId = /^id: (\d+)$/m.exec(block)?.[1] ?? '';
        events.push(JSON.parse(data));
        changed.resolve();
        changed = Promise.withResolvers();
      }
    }
    return undefined;
  };

  const follow = async (): Promise<string> => {
    for (;;) {
      // The service may be down for a while.
      const status = await read().catch(() => undefined);
      if (status !== undefined) return status;
      if (closing.signal.aborted) return 'given up';
      await delay(300);
    }
  };
  const ended = follow();
  return {
    events,
    ended,
    get connections() {
      return connections;
    },
    event: async (what, fits) => {
      for (;;) {
        const found = events.find(fits);
        if (found !== undefined) return found;
        const status = await Promise.race([changed.promise, ended]);
        if (status !== undefined && events.find(fits) === undefined) throw new Error(`${status} without ${what}`);
      }
    },
    cut: () => void stream?.destroy(),
    [Symbol.dispose]: () => closing.abort(),
  };
}
