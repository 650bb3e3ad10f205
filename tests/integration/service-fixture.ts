import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { addSmallSource, type CliSite, cliSite } from './cli-fixture.ts';
import { type RunningService, startService } from './serve-fixture.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

/** A source that is there at once. No machine starts from it, so it is for runs that need none. */
export const SMALL = { publisher: 'Test', offer: 'small', sku: 'disk' } as const;
/** A source that never comes: a run of it goes on, in `Building` and without a machine, until somebody ends it. */
export const ENDLESS = { publisher: 'Test', offer: 'endless', sku: 'disk' } as const;

/** A running service on a home of its own, with two sources, and a web server for what templates fetch. */
export interface ServiceSite extends AsyncDisposable {
  readonly site: CliSite;
  readonly service: RunningService;
  readonly administrator: { readonly clientId: string; readonly secret: string; readonly objectId: string };
  /** Address of the web server; `/hello.sh` is a script there. */
  readonly web: string;
}

/** @param args options of `kiln serve` */
export async function serviceSite(...args: readonly string[]): Promise<ServiceSite> {
  await using closing = new AsyncDisposableStack();
  const site = closing.use(await cliSite());
  const server = createServer((request, response) => {
    if (request.url === '/hello.sh') response.end('#!/bin/sh\necho hello\n');
    else if (request.url === '/endless.qcow2') response.writeHead(200).write('QFI');
    else response.writeHead(404).end();
  });
  closing.adopt(await listening(server), async () => {
    server.closeAllConnections();
    server.close();
  });
  const web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const catalogue = await site.write('endless.yaml', {
    images: [
      {
        ...{ id: 'endless', title: 'Endless', names: { 'Test:endless:disk': 'V2' }, os: 'Linux', defaultUser: 'x' },
        devices: { disk: 'virtio', nic: 'virtio' },
        versions: [
          {
            version: '1.0.0',
            ways: [{ url: `${web}/endless.qcow2`, format: 'qcow2', sha256: '0'.repeat(64), verified: false }],
          },
        ],
      },
    ],
  });
  await site.write(join('home', 'config.yaml'), { network: { allow: ['127.0.0.0/8'] }, catalogues: [catalogue] });
  const added = await addSmallSource(site, 'Test:small:disk');
  if (added.exitCode !== 0) throw new Error(added.stderr);
  const service = closing.use(await startService(site, ...args));
  const { administrator } = service.ready;
  if (administrator === undefined) throw new Error('there is no administrator');
  const kept = closing.move();
  return { site, service, administrator, web, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function listening(server: Server): Promise<Server> {
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}
