import { describe, expect, test } from 'vitest';
import { endRun } from '../../store/runs.ts';
import { SUBSCRIPTION } from '../provider.fixture.ts';
import {
  body,
  codeOf,
  GROUP,
  get,
  IDENTITY,
  made,
  operationIn,
  site,
  source,
  TEMPLATE,
  V,
} from './templates.fixture.ts';

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

describe('at the same time', () => {
  test('every change that is answered with 200 is there in the end', async () => {
    await using of = await site();
    await made(of);
    const distribute = [
      { type: 'VHD', runOutputName: 'disk' },
      { type: 'VHD', runOutputName: 'second' },
    ];
    const patches = [
      { properties: { vmProfile: { osDiskSizeGB: 50 } } },
      { tags: { a: 'b' } },
      { properties: { distribute } },
    ];
    const answers = await Promise.all(patches.map(patch => of.fixture.call('PATCH', `${TEMPLATE}?${V}`, patch)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await get(of)).toMatchObject({
      tags: { a: 'b' },
      properties: {
        vmProfile: { osDiskSizeGB: 50 },
        distribute: [{ runOutputName: 'disk' }, { runOutputName: 'second' }],
      },
    });
  });

  test('a template that is being deleted is not made again by the same PUT', async () => {
    await using of = await site();
    await made(of);
    const deletion = of.fixture.call('DELETE', `${TEMPLATE}?${V}`);
    const put = await of.fixture.call('PUT', `${TEMPLATE}?${V}`, body());
    expect((await deletion).status).toBe(202);
    // Before the deletion, during it, or after it: never an answer that says that what goes away is there.
    if (put.status === 405) expect(codeOf(put)).toBe('OperationNotAllowed');
    else
      expect((put.body as { properties: { provisioningState: string } }).properties.provisioningState).not.toBe(
        'Deleting',
      );
  });

  test('a template that is made again knows nothing of the runs of the one before', async () => {
    await using of = await site();
    await made(of);
    await of.fixture.call('POST', `${TEMPLATE}/run?${V}`);
    const runId = await of.lastRunId();
    await of.store.write(trx =>
      endRun(trx, runId, { status: 'Succeeded', endedAt: new Date().toISOString(), result: { error: null } }),
    );
    expect((await of.fixture.finished('DELETE', `${TEMPLATE}?${V}`)).status).toBe(200);
    await made(of);
    expect((await get(of)).properties).not.toHaveProperty('lastRunStatus');
    expect((await of.fixture.call('GET', `${TEMPLATE}/runOutputs?${V}`)).body).toEqual({ value: [] });
  });

  test('a creation that was done and is begun again, as after a crash, does nothing twice', async () => {
    await using of = await site();
    await made(of, { autoRun: { state: 'Enabled' } });
    const runs = () => of.store.db.selectFrom('runs').select('id').execute();
    expect(await runs()).toHaveLength(1);
    const again = of.store.db.selectFrom('operations').selectAll().where('kind', '=', 'ImageTemplateCreate');
    const { id } = await again.executeTakeFirstOrThrow();
    await of.store.write(trx =>
      trx.updateTable('operations').set({ status: 'InProgress' }).where('id', '=', id).execute(),
    );
    await of.fixture.runner.resume();
    await of.services.operationDone(id);
    expect(await runs()).toHaveLength(1);
    expect((await again.executeTakeFirstOrThrow()).status).toBe('Succeeded');
    expect((await get(of)).properties['provisioningState']).toBe('Succeeded');
  });
});
