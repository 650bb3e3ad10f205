import { appendFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BuildEvent } from '../../src/events/build-event.ts';
import type { AcceptedRequest } from '../../src/jobs/build-queue.ts';
import { HostQueue, type HostQueueOptions } from '../../src/jobs/host-queue.ts';
import { acceptedRun } from '../../src/jobs/run.fixture.ts';
import { getRun, type RunRecord } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, template } from './build-fixture.ts';

const FAKE_WORKER = join(import.meta.dirname, 'queue-worker-process.ts');
const PATIENCE_MS = 30_000;

/** A home with a small source disk, and queues on it as services have them. */
export interface QueueSite extends AsyncDisposable {
  readonly site: BuildSite;
  /** A queue that looks often; `fake` for workers that build nothing. */
  queue(options?: Partial<HostQueueOptions> & { readonly fake?: boolean }): HostQueue;
  accept(queue: HostQueue, accepted: AcceptedRequest): Promise<string>;
  /** A template with these properties as a run of the queue. */
  request(name: string, properties: object): AcceptedRequest;
  run(id: string): Promise<RunRecord>;
  /** Waits until the run is as wanted. */
  until(id: string, what: (run: RunRecord) => boolean): Promise<RunRecord>;
  events(id: string): Promise<readonly BuildEvent[]>;
  /** What queues said. */
  readonly said: string[];
  /** Address of a script that a server begins to send and never ends. */
  readonly endless: string;
}

export async function queueSite(): Promise<QueueSite> {
  const site = await buildSite();
  const { home, store } = site.services;
  await appendFile(home.config, 'network: { allow: [127.0.0.0/8] }\n');
  const server = createServer((_request, response) => void response.writeHead(200).write('#!/bin/sh\n'));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const queues: HostQueue[] = [];
  const said: string[] = [];
  const run = async (id: string): Promise<RunRecord> => {
    const found = await getRun(store, id);
    if (found === undefined) throw new Error(`there is no run ${id}`);
    return found;
  };
  return {
    site,
    said,
    endless: `http://127.0.0.1:${(server.address() as AddressInfo).port}/endless.sh`,
    queue: ({ fake, ...options } = {}) => {
      const queue = new HostQueue({
        services: site.services,
        log: message => said.push(message),
        pollMs: 50,
        ...(fake ? { workerProgram: FAKE_WORKER } : {}),
        ...options,
      });
      queues.push(queue);
      return queue;
    },
    accept: async (queue, accepted) => {
      const id = await store.write(trx => queue.accept(trx, accepted));
      queue.wake();
      return id;
    },
    request: (name, properties) =>
      acceptedRun(name, { templateText: JSON.stringify({ ...template(properties), name }) }),
    run,
    until: async (id, what) => {
      const end = Date.now() + PATIENCE_MS;
      for (;;) {
        const found = await run(id);
        if (what(found)) return found;
        if (Date.now() > end) throw new Error(`run ${id} is ${JSON.stringify(found)} after ${PATIENCE_MS} ms`);
        await delay(20);
      }
    },
    events: async id => {
      const text = await readFile(join(home.runs, id, 'events.jsonl'), 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as BuildEvent);
    },
    [Symbol.asyncDispose]: async () => {
      for (const queue of queues) await queue.stop('hand-back');
      server.closeAllConnections();
      server.close();
      await site[Symbol.asyncDispose]();
    },
  };
}
