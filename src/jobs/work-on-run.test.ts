import { mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { BuildServices } from '../build/services.ts';
import { parseSiteConfig } from '../config/site-config.ts';
import { type RunDirectory, runDirectory } from '../home/run-directory.ts';
import { beginOperation, findOperation } from '../store/operations.ts';
import { acceptRun, getRun } from '../store/runs.ts';
import { storeFixture } from '../store/store.fixture.ts';
import { acceptedRun, SUBSCRIPTION } from './run.fixture.ts';
import { workOnRun } from './work-on-run.ts';

const templateText = JSON.stringify({
  ...{
    type: 'Microsoft.VirtualMachineImages/imageTemplates',
    apiVersion: '2024-02-01',
    location: 'local',
    name: 'web',
  },
  identity: { type: 'None' },
  properties: {
    source: { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
    distribute: [{ type: 'VHD', runOutputName: 'disk' }],
  },
});
const never = () => Promise.reject(new Error('the run came to its build'));

test.each([
  ['a lock on a full disk', 'DiskSpace', ({ lock }: RunDirectory) => symlink('/dev/full', `${lock}.new`)],
  ['events that cannot be read', 'Defect', ({ events }: RunDirectory) => mkdir(events)],
  ['a log that cannot be made', 'Defect', ({ validationLog }: RunDirectory) => mkdir(validationLog)],
])('%s ends the run and its operation with the cause', async (_, code, obstruct) => {
  await using fixture = await storeFixture();
  const { store, home } = fixture;
  const id = crypto.randomUUID();
  const { request, ...accepted } = acceptedRun('web', { templateText });
  await store.write(async trx => {
    const about = { kind: 'k', targetKey: '/t', subscription: SUBSCRIPTION, location: 'local', input: {} };
    await beginOperation(trx, { id: accepted.operationId, correlationId: 'c', ...about });
    await acceptRun(trx, { ...accepted, request, id, acceptedAt: new Date().toISOString() });
  });
  const directory = runDirectory(join(home.runs, id));
  await mkdir(directory.root, { recursive: true });
  await obstruct(directory);
  const services: BuildServices = {
    ...{ store, home, config: parseSiteConfig('', 'test'), machines: { start: never } as never },
    ...{ resolveSource: never, releaseSource: never, fetchArtifact: never },
  };
  await workOnRun(id, services, new AbortController().signal);
  expect(await getRun(store, id)).toMatchObject({ status: 'Failed', result: { error: { code } } });
  expect(await findOperation(store.db, accepted.operationId)).toMatchObject({ status: 'Failed', error: { code } });
  expect(await readdir(dirname(directory.lock))).not.toContain('lock');
});
