import { describe, expect, test } from 'vitest';
import { findOperation } from '../../store/operations.ts';
import { endRun, recordRunOutput, startRun } from '../../store/runs.ts';
import { SUBSCRIPTION } from '../provider.fixture.ts';
import { codeOf, get, made, site, source, TEMPLATE, V } from './templates.fixture.ts';
import { TriggerWatch } from './trigger-watch.ts';

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
