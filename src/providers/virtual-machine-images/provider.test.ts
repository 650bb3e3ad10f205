import { describe, expect, test } from 'vitest';
import { buildServices } from '../../build/open-services.ts';
import { parseSiteConfig } from '../../config/site-config.ts';
import { beginOperation, findOperation } from '../../store/operations.ts';
import { insertResource } from '../../store/resources.ts';
import { acceptRun, endRun, recordRunOutput, requestCancel, startRun } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import type { ProviderServices } from '../services.ts';
import { virtualMachineImages } from './provider.ts';
import { TriggerWatch } from './trigger-watch.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aib`;
const TEMPLATE = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/web`;
const V = 'api-version=2024-02-01';

const source = { type: 'PlatformImage', publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' };

function body(more: object = {}) {
  return {
    location: 'westus2',
    tags: { team: 'web' },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } },
    properties: {
      source,
      customize: [{ type: 'Shell', name: 'hello', inline: ['echo hello'] }],
      distribute: [{ type: 'VHD', runOutputName: 'disk' }],
      vmProfile: { vmSize: 'Standard_D1_v2' },
      ...more,
    },
  };
}

/** A queue that only keeps what it is given: the runs stay where a scheduler would find them. */
function queueOf(store: () => Store): ProviderServices['builds'] {
  return {
    async accept(trx, { request, operationId, correlationId, subscription, location, ...run }) {
      const id = crypto.randomUUID();
      await beginOperation(trx, {
        id: operationId,
        kind: 'ImageTemplateRun',
        targetKey: run.templateKey,
        ...{ subscription, location, correlationId },
        input: null,
      });
      await acceptRun(trx, { ...run, id, operationId, correlationId, acceptedAt: new Date().toISOString(), request });
      return id;
    },
    async cancel(trx, id) {
      await requestCancel(trx, id);
    },
    wake: () => undefined,
    positions: async () => new Map(),
    position: async id => (await store().db.selectFrom('runs').select('id').where('id', '=', id).execute()).length,
  };
}

interface Site extends AsyncDisposable {
  readonly fixture: ProviderFixture;
  readonly services: ProviderServices;
  readonly store: Store;
  lastRunId(): Promise<string>;
}

async function site(templates: Partial<ProviderServices['templates']> = {}): Promise<Site> {
  let services: ProviderServices | undefined;
  const fixture = await providerFixture(
    given => {
      const opened = buildServices({ home: given.home, config: given.config, store: given.store });
      services = {
        ...given,
        fetchArtifact: opened.fetchArtifact,
        builds: queueOf(() => given.store),
        templates: { ...given.templates, ...templates },
      };
      return [virtualMachineImages(services)];
    },
    { config: parseSiteConfig('', 'config.yaml') },
  );
  if (services === undefined) throw new Error('no services');
  const { store } = services;
  await store.write(async trx => {
    await trx
      .insertInto('resource_groups')
      .values({
        key: GROUP.toLowerCase(),
        id: GROUP,
        location: 'westus2',
        tags: '{}',
        created_at: '',
        provisioning_state: 'Succeeded',
      })
      .execute();
    await insertResource(trx, {
      id: IDENTITY,
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      parentKey: undefined,
      location: 'westus2',
      tags: {},
      body: { properties: { principalId: 'p', clientId: 'c', tenantId: 't' } },
      internal: {},
      provisioningState: 'Succeeded',
      createdBy: undefined,
    });
  });
  return {
    fixture,
    services,
    store,
    lastRunId: async () => {
      const row = await store.db
        .selectFrom('runs')
        .select('id')
        .orderBy('accepted_at', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      return row.id;
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

async function made(of: Site, more: object = {}): Promise<void> {
  const answer = await of.fixture.finished('PUT', `${TEMPLATE}?${V}`, body(more));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

async function get(
  of: Site,
  path = `${TEMPLATE}?${V}`,
): Promise<Record<string, never> & { properties: Record<string, unknown> }> {
  const answer = await of.fixture.call('GET', path);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as never;
}

function operationIn(answer: { readonly headers?: Readonly<Record<string, string>> }): string {
  return (answer.headers?.['Azure-AsyncOperation'] ?? '').replace(/^.*operations\/|\?.*$/g, '');
}

function codeOf(answer: { readonly body?: unknown }): string {
  return (answer.body as { error: { code: string } }).error.code;
}

describe('image templates', () => {
  test('a template is made, with its staging group, its identity and the version of its source', async () => {
    await using of = await site();
    const { fixture, store } = of;
    const answer = await fixture.call('PUT', `${TEMPLATE}?${V}`, body());
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.headers?.['Azure-AsyncOperation']).toMatch(
      /\/locations\/westus2\/operations\/[0-9A-F-]{36}\?api-version=2024-02-01$/,
    );
    expect(answer.headers).not.toHaveProperty('Location');
    expect(answer.body).toMatchObject({
      properties: {
        provisioningState: 'Creating',
        buildTimeoutInMinutes: 0,
        stagingResourceGroup: '',
        exactStagingResourceGroup: '',
        source: { ...source, exactVersion: 'latest' },
        distribute: [{ type: 'VHD', runOutputName: 'disk', artifactTags: {} }],
        vmProfile: { vmSize: 'Standard_D1_v2', osDiskSizeGB: 0 },
      },
      type: 'Microsoft.VirtualMachineImages/imageTemplates',
      name: 'web',
      id: TEMPLATE,
    });
    expect(Object.keys(answer.body as object)).toEqual([
      'properties',
      'identity',
      'tags',
      'location',
      'id',
      'name',
      'type',
    ]);
    await of.services.operationDone(operationIn(answer));
    const { properties, identity } = await get(of);
    expect(properties).toMatchObject({ provisioningState: 'Succeeded' });
    expect((properties['source'] as { exactVersion: string }).exactVersion).toMatch(/^\d/);
    expect(properties['exactStagingResourceGroup']).toMatch(/\/resourceGroups\/IT_images_web_[0-9a-f-]{36}$/);
    expect(properties).not.toHaveProperty('lastRunStatus');
    expect(identity).toEqual({
      type: 'UserAssigned',
      userAssignedIdentities: { [IDENTITY]: { principalId: 'p', clientId: 'c' } },
    });
    const accounts = await store.db
      .selectFrom('resources')
      .selectAll()
      .where('type', '=', 'Microsoft.Storage/storageAccounts')
      .execute();
    expect(accounts.map(({ name }) => name)).toEqual([expect.stringMatching(/^[a-z][a-z0-9]{23}$/)]);
  });

  test('the same template again is answered without work, another one is a conflict', async () => {
    await using of = await site();
    await made(of);
    const same = await of.fixture.call('PUT', `${TEMPLATE}?api-version=2022-07-01`, body());
    expect(same.status).toBe(200);
    expect(same.headers ?? {}).not.toHaveProperty('Azure-AsyncOperation');
    const other = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, body({ buildTimeoutInMinutes: 90 }));
    expect(other.status).toBe(409);
    expect(codeOf(other)).toBe('Conflict');
    expect(JSON.stringify(other.body)).toContain('Update/Upgrade of image templates is currently not supported');
  });

  test('strict, the same template is a conflict; with updates allowed, another one replaces it', async () => {
    await using strict = await site({ strictConflict: true });
    await made(strict);
    expect((await strict.fixture.call('PUT', `${TEMPLATE}?${V}`, body())).status).toBe(409);
    await using free = await site({ allowUpdates: true });
    await made(free);
    const answer = await free.fixture.finished('PUT', `${TEMPLATE}?${V}`, body({ buildTimeoutInMinutes: 90 }));
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect((await get(free)).properties).toMatchObject({ provisioningState: 'Succeeded', buildTimeoutInMinutes: 90 });
  });

  test('every problem of a template is said at once, in the form of its version', async () => {
    await using of = await site();
    const wrong = { ...body({ source: { type: 'Nothing' }, buildTimeoutInMinutes: 3000 }) };
    const now = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, wrong);
    expect(now.status).toBe(400);
    expect(codeOf(now)).toBe('ValidationFailed');
    const { details } = (now.body as { error: { details: { target: string }[] } }).error;
    expect(details.map(({ target }) => target)).toEqual(['properties.source.type', 'properties.buildTimeoutInMinutes']);
    const then = await of.fixture.call('PUT', `${TEMPLATE}?api-version=2020-02-14`, wrong);
    expect(then.body).toMatchObject({ code: 'ValidationFailed' });
    const inBody = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, { ...body(), apiVersion: '2024-02-01' });
    expect(JSON.stringify(inBody.body)).toContain('unknown field \\"apiVersion\\"');
    const file = await of.fixture.call(
      'PUT',
      `${TEMPLATE}?${V}`,
      body({ customize: [{ type: 'Shell', scriptUri: 'file:///etc/passwd' }] }),
    );
    expect([file.status, codeOf(file)]).toEqual([400, 'InvalidParameter']);
    const nobody = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, {
      ...body(),
      identity: { type: 'UserAssigned', userAssignedIdentities: { [`${IDENTITY}2`]: {} } },
    });
    expect([nobody.status, JSON.stringify(nobody.body).includes('aib2')]).toEqual([400, true]);
    expect((await of.fixture.call('GET', `${TEMPLATE}?${V}`)).status).toBe(404);
  });

  test('a template whose script cannot be fetched stays as failed, is not run, and can be deleted', async () => {
    await using of = await site();
    const customize = [{ type: 'Shell', scriptUri: 'https://127.0.0.1:9/nothing.sh' }];
    const answer = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, body({ customize }));
    expect(answer.status).toBe(201);
    await of.services.operationDone(operationIn(answer));
    const { properties } = await get(of);
    expect(properties).toMatchObject({
      provisioningState: 'Failed',
      provisioningError: { provisioningErrorCode: 'Other' },
    });
    const run = await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    expect(codeOf(run)).toBe('OperationNotAllowed');
    expect((await of.fixture.finished('DELETE', `${TEMPLATE}?${V}`)).status).toBe(200);
    expect((await of.fixture.call('GET', `${TEMPLATE}?${V}`)).status).toBe(404);
  });

  test('what a deletion removes is all that the template owned', async () => {
    await using of = await site();
    await made(of);
    const { properties } = await get(of);
    expect((await of.fixture.call('DELETE', `${TEMPLATE}?${V}`)).headers).toHaveProperty('Location');
    await of.fixture.finished('DELETE', `${TEMPLATE}?${V}`);
    expect((await of.fixture.call('DELETE', `${TEMPLATE}?${V}`)).status).toBe(204);
    const groups = await of.store.db.selectFrom('resource_groups').select('id').execute();
    expect(groups.map(({ id }) => id)).toEqual([GROUP]);
    expect(groups).not.toContain(properties['exactStagingResourceGroup']);
    expect(await of.store.db.selectFrom('resources').select('id').execute()).toEqual([{ id: IDENTITY }]);
  });
});

describe('runs', () => {
  test('a run is accepted once however often the request is repeated, and only one at a time', async () => {
    await using of = await site();
    await made(of);
    const first = await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    expect(first.status).toBe(202);
    expect(first.body).toBeUndefined();
    expect(first.headers?.['Location']).toBe(first.headers?.['Azure-AsyncOperation']);
    expect((await get(of)).properties['lastRunStatus']).toMatchObject({
      runState: 'Running',
      runSubState: 'Queued',
      message: '',
      endTime: '0001-01-01T00:00:00Z',
      startTime: expect.stringMatching(/\.\d{9}Z$/),
    });
    const second = await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    expect([second.status, codeOf(second)]).toEqual([405, 'OperationNotAllowed']);
    expect(JSON.stringify(second.body)).toContain('provisioning state: provisioned or run state: running');
    expect((await of.fixture.call('DELETE', `${TEMPLATE}?${V}`)).status).toBe(405);
    const retried = await Promise.all([1, 2, 3].map(() => of.fixture.call('POST', `${TEMPLATE}/run?${V}`)));
    expect(retried.map(({ status }) => status)).toEqual([405, 405, 405]);
    expect(await of.store.db.selectFrom('runs').select('id').execute()).toHaveLength(1);
  });

  test('how a run ends is seen in the template, in its operation and in its outputs', async () => {
    await using of = await site();
    await made(of);
    const run = await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    const runId = await of.lastRunId();
    await startRun(of.store, { id: runId, templateName: 'web', startedAt: new Date().toISOString(), owner: '1-1' });
    expect((await get(of)).properties['lastRunStatus']).toMatchObject({ runState: 'Running', runSubState: 'Building' });
    await of.store.write(async trx => {
      const output = { type: 'VHD' as const, path: '/x', digest: 'd', sizeBytes: 1 };
      const account = (
        await trx
          .selectFrom('resources')
          .select('name')
          .where('type', '=', 'Microsoft.Storage/storageAccounts')
          .executeTakeFirstOrThrow()
      ).name;
      await recordRunOutput(trx, {
        ...output,
        runId,
        name: 'disk',
        artifactUri: `https://${account}.blob.core.windows.net/vhds/a.vhd`,
      });
      await endRun(trx, runId, { status: 'Succeeded', endedAt: new Date().toISOString(), result: { error: null } });
    });
    const { lastRunStatus } = (await get(of)).properties as { lastRunStatus: Record<string, unknown> };
    expect(lastRunStatus).toMatchObject({ runState: 'Succeeded', message: '' });
    expect(lastRunStatus).not.toHaveProperty('runSubState');
    const path = new URL(run.headers?.['Location'] ?? '');
    expect((await of.fixture.call('GET', path.pathname + path.search)).body).toMatchObject({ status: 'Succeeded' });
    const outputs = await of.fixture.call('GET', `${TEMPLATE}/runOutputs?${V}`);
    expect(outputs.body).toMatchObject({
      value: [
        {
          name: 'disk',
          properties: { artifactUri: expect.stringMatching(/^https:\/\/[^/]+\/blobs\/\w{24}\/vhds\/a\.vhd$/) },
        },
      ],
    });
    expect((await of.fixture.call('GET', `${TEMPLATE}/runOutputs/DISK?${V}`)).status).toBe(200);
    expect((await of.fixture.call('GET', `${TEMPLATE}/runOutputs/other?${V}`)).status).toBe(404);
  });

  test('a failed run leaves its template as it was, and says why in the words that people search for', async () => {
    await using of = await site();
    await made(of);
    await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    const error = { code: 'StepFailed', message: 'Customizer 1 failed.', todo: 'Look.' };
    const runId = await of.lastRunId();
    await of.store.write(trx =>
      endRun(trx, runId, { status: 'Failed', endedAt: new Date().toISOString(), result: { error } }),
    );
    const { provisioningState, lastRunStatus } = (await get(of)).properties as Record<string, { message: string }>;
    expect(provisioningState).toBe('Succeeded');
    expect(lastRunStatus).toMatchObject({ runState: 'Failed' });
    expect(lastRunStatus?.message).toMatch(
      /Customizer 1 failed\. Look\..*Image Build log location: https:.*packerlogs\/.*customization\.log\. OperationId: [0-9a-f-]{36}\./,
    );
  });

  test('cancel is 204 in every state, and ends a creation too', async () => {
    await using of = await site();
    await made(of);
    expect((await of.fixture.call('POST', `${TEMPLATE}/cancel?${V}`)).status).toBe(204);
    await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    expect(await of.fixture.call('POST', `${TEMPLATE}/cancel?${V}`)).toMatchObject({ status: 204 });
    expect((await get(of)).properties['lastRunStatus']).toMatchObject({
      runState: 'Canceling',
      message: 'Canceling image build',
    });
  });

  test('autoRun puts a run into the queue when the template has been made', async () => {
    await using of = await site();
    await made(of, { autoRun: { state: 'Enabled' } });
    expect((await get(of)).properties['lastRunStatus']).toMatchObject({ runSubState: 'Queued' });
  });
});

describe('changes', () => {
  test('a PATCH changes tags and identity, and what its version lets it', async () => {
    await using of = await site();
    await made(of);
    const tags = await of.fixture.call('PATCH', `${TEMPLATE}?api-version=2018-02-01-preview`, { tags: { a: 'b' } });
    expect([tags.status, (tags.body as { tags: object }).tags]).toEqual([200, { a: 'b' }]);
    const distribute = [
      { type: 'VHD', runOutputName: 'disk', artifactTags: { x: 'y' } },
      { type: 'VHD', runOutputName: 'second' },
    ];
    const more = await of.fixture.call('PATCH', `${TEMPLATE}?${V}`, {
      properties: { distribute, vmProfile: { osDiskSizeGB: 40 } },
    });
    expect(more.status, JSON.stringify(more.body)).toBe(200);
    expect((await get(of)).properties).toMatchObject({
      distribute: [{ runOutputName: 'disk', artifactTags: { x: 'y' } }, { runOutputName: 'second' }],
      vmProfile: { vmSize: 'Standard_D1_v2', osDiskSizeGB: 40 },
    });
    const fewer = await of.fixture.call('PATCH', `${TEMPLATE}?${V}`, {
      properties: { distribute: distribute.slice(1) },
    });
    expect(JSON.stringify(fewer.body)).toContain(
      'Distribute target with Runoutput name disk not found in the update request. Deleting a distribution target is not allowed.',
    );
    const old = await of.fixture.call('PATCH', `${TEMPLATE}?api-version=2022-02-14`, { properties: { distribute } });
    expect(old.status).toBe(400);
    const unknown = await of.fixture.call('PATCH', `${TEMPLATE}?${V}`, { properties: { source } });
    expect(JSON.stringify(unknown.body)).toContain('unknown field');
    const none = await of.fixture.call('PATCH', `${TEMPLATE}?${V}`, { identity: { type: 'None' } });
    expect(JSON.stringify(none.body)).toContain('Managed identity is required');
  });

  test('a template is listed page by page, and read in any version', async () => {
    await using of = await site();
    for (const name of ['a', 'b', 'c']) {
      const path = TEMPLATE.replace(/web$/, name);
      expect((await of.fixture.finished('PUT', `${path}?${V}`, body())).status).toBe(200);
    }
    const list = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates?${V}&$top=2`;
    const first = (await of.fixture.call('GET', list)).body as { value: { name: string }[]; nextLink: string };
    expect(first.value.map(({ name }) => name)).toEqual(['a', 'b']);
    const { pathname, search } = new URL(first.nextLink);
    const second = (await of.fixture.call('GET', pathname + search)).body as { value: { name: string }[] };
    expect(second.value.map(({ name }) => name)).toEqual(['c']);
    expect(second).not.toHaveProperty('nextLink');
    const old = await get(of, `${TEMPLATE.replace(/web$/, 'a')}?api-version=2019-02-01-preview`);
    expect(old.properties).toMatchObject({ source: { type: 'PlatformImage', publisher: 'Debian' } });
    expect(old.properties).not.toHaveProperty('stagingResourceGroup');
    const all = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.VirtualMachineImages/imageTemplates?${V}`;
    expect(((await of.fixture.call('GET', all)).body as { value: unknown[] }).value).toHaveLength(3);
    expect((await of.fixture.call('GET', `${list}&$skipToken=nonsense`)).status).toBe(400);
  });

  test('a version that there is not is refused for this provider', async () => {
    await using of = await site();
    const answer = await of.fixture.call('GET', `${TEMPLATE}?api-version=2021-04-01`);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'NoRegisteredProviderFound']);
  });
});

describe('triggers', () => {
  const trigger = `${TEMPLATE}/triggers/newer?api-version=2022-07-01`;

  test('a trigger runs its template when the source has a newer version, until builds fail', async () => {
    await using of = await site();
    await made(of);
    const answer = await of.fixture.call('PUT', trigger, { properties: { kind: 'SourceImage' } });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body).toMatchObject({
      properties: { kind: 'SourceImage', provisioningState: 'Succeeded', status: { code: 'Healthy' } },
    });
    const watch = new TriggerWatch(of.services);
    await watch.look();
    expect(await of.store.db.selectFrom('runs').select('id').execute()).toHaveLength(0);
    const fail = async () => {
      const older = (last: string) => last.replace(/:[^:]*$/, ':0.0.1');
      const row = await of.store.db
        .selectFrom('resources')
        .selectAll()
        .where('type', 'like', '%/triggers')
        .executeTakeFirstOrThrow();
      const state = JSON.parse(row.internal) as { lastSource: string };
      await of.store.write(trx =>
        trx
          .updateTable('resources')
          .set({ internal: JSON.stringify({ ...state, lastSource: older(state.lastSource) }) })
          .where('key', '=', row.key)
          .execute(),
      );
      await watch.look();
      const count = (await of.store.db.selectFrom('runs').select('id').execute()).length;
      const running = await of.store.db.selectFrom('runs').select('id').where('status', '=', 'Queued').execute();
      for (const { id } of running) {
        await of.store.write(trx =>
          endRun(trx, id, { status: 'Failed', endedAt: new Date().toISOString(), result: { error: null } }),
        );
      }
      return count;
    };
    expect([await fail(), await fail(), await fail(), await fail()]).toEqual([1, 2, 3, 3]);
    const status = async () => ((await get(of, trigger)).properties['status'] as { code: string }).code;
    expect(await status()).toBe('Disabled');
    await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    const runId = await of.lastRunId();
    await of.store.write(trx =>
      endRun(trx, runId, { status: 'Succeeded', endedAt: new Date().toISOString(), result: { error: null } }),
    );
    await watch.look();
    expect(await status()).toBe('Healthy');
  });

  test('a trigger is refused for a template that it could not run again', async () => {
    await using of = await site();
    await made(of, { source: { ...source, version: '12.0.20250101' } }).catch(() => undefined);
    await made(of).catch(() => undefined);
    const kind = await of.fixture.call('PUT', trigger, { properties: { kind: 'Other' } });
    expect([kind.status, codeOf(kind)]).toEqual([400, 'InvalidParameter']);
    expect((await of.fixture.call('PUT', trigger, { properties: { kind: 'SourceImage' } })).status).toBe(201);
    const twice = await of.fixture.call('PUT', trigger.replace('newer', 'second'), {
      properties: { kind: 'SourceImage' },
    });
    expect([twice.status, codeOf(twice)]).toEqual([409, 'Conflict']);
    expect((await of.fixture.call('DELETE', trigger)).status).toBe(202);
    expect((await of.fixture.call('DELETE', trigger)).status).toBe(204);
    expect((await of.fixture.call('GET', trigger.replace('2022-07-01', '2022-02-14'))).status).toBe(400);
  });

  test('the operations of a run are known to the subscription that began them', async () => {
    await using of = await site();
    await made(of);
    await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    const { operation_id } = await of.store.db.selectFrom('runs').select('operation_id').executeTakeFirstOrThrow();
    expect(await findOperation(of.store.db, String(operation_id).toLowerCase())).toMatchObject({
      status: 'InProgress',
    });
    const path = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.VirtualMachineImages/locations/westus2/operations/NOPE?${V}`;
    expect(codeOf(await of.fixture.call('GET', path))).toBe('OperationNotFound');
  });
});
