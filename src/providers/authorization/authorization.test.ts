import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { ensureResourceGroup } from '../../galleries/ensure.ts';
import { createPrincipal } from '../../identity/principals.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import { authorizationProvider } from './provider.ts';
import { scopeKey } from './scope.ts';

const SUB = `/subscriptions/${SUBSCRIPTION}`;
const GROUP = `${SUB}/resourceGroups/rg`;
const ROLES = 'providers/Microsoft.Authorization/roleDefinitions';
const ASSIGNMENTS = 'providers/Microsoft.Authorization/roleAssignments';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

async function fixture(): Promise<ProviderFixture> {
  const api = await providerFixture(services => [authorizationProvider(services)]);
  const group = { subscription: SUBSCRIPTION, resourceGroup: 'rg' };
  await api.store.write(trx =>
    ensureResourceGroup(trx, group, { strict: false, location: 'local', emit: () => undefined }),
  );
  return api;
}

function codeOf({ body }: { readonly body?: unknown }): string {
  return (body as { error: { code: string } }).error.code;
}

test("built-in roles have Azure's ids, and a name finds one", async () => {
  await using api = await fixture();
  const found = await api.call('GET', `${GROUP}/${ROLES}?$filter=roleName eq 'reader'`);
  expect((found.body as { value: unknown[] }).value).toEqual([
    expect.objectContaining({
      id: `${SUB}/${ROLES}/${READER}`,
      properties: expect.objectContaining({ roleName: 'Reader', type: 'BuiltInRole' }),
    }),
  ]);
  expect((await api.call('GET', `/${ROLES}/${READER.toUpperCase()}`)).body).toMatchObject({
    id: `/${ROLES}/${READER}`,
  });
  expect((await api.call('GET', `${SUB}/${ROLES}?$filter=roleName eq 'nobody'`)).body).toEqual({ value: [] });
  expect(codeOf(await api.call('GET', `${SUB}/${ROLES}?$filter=owner eq 'x'`))).toBe('InvalidFilterInQueryString');
  expect((await api.call('GET', `${GROUP}/providers/Microsoft.Authorization/permissions`)).body).toMatchObject({
    value: [{ actions: ['*'] }],
  });
});

test('a role of the site can be assigned within its scopes, and stays as long as somebody has it', async () => {
  await using api = await fixture();
  const guid = randomUUID();
  const properties = {
    roleName: 'Baker',
    permissions: [{ actions: ['Microsoft.Compute/*'] }],
    assignableScopes: [GROUP],
  };
  expect(await api.call('PUT', `${GROUP}/${ROLES}/${guid}`, { properties })).toMatchObject({
    status: 201,
    body: { name: guid, properties: { roleName: 'Baker', type: 'CustomRole', permissions: [{ notActions: [] }] } },
  });
  const named = "?$filter=roleName eq 'Baker'";
  expect((await api.call('GET', `${GROUP}/${ROLES}${named}`)).body).toMatchObject({ value: [{ name: guid }] });
  expect((await api.call('GET', `${SUB}/${ROLES}${named}`)).body).toEqual({ value: [] });
  const assignment = `${GROUP}/${ASSIGNMENTS}/${randomUUID()}`;
  const given = { roleDefinitionId: guid, principalId: randomUUID(), principalType: 'ServicePrincipal' };
  await api.call('PUT', assignment, { properties: given });
  const refused = [
    await api.call('DELETE', `${SUB}/${ROLES}/${guid}`),
    await api.call('DELETE', `${SUB}/${ROLES}/${READER}`),
    await api.call('PUT', `${SUB}/${ROLES}/${randomUUID()}`, { properties: { ...properties, roleName: 'owner' } }),
    await api.call('PUT', `${SUB}/${ROLES}/${guid}`, { properties: { ...properties, assignableScopes: [`${SUB}x`] } }),
    await api.call('PUT', `${SUB}/${ROLES}/${guid}`, {
      properties: { ...properties, assignableScopes: [`${'/'.repeat(60_000)}x`] },
    }),
    await api.call('PUT', `${SUB}/${ROLES}/${guid}`, {
      properties: { ...properties, assignableScopes: Array.from({ length: 101 }, () => SUB) },
    }),
    await api.call('PUT', `${SUB}/${ROLES}/${guid}`, {
      properties: { ...properties, permissions: [{ actions: Array.from({ length: 20_000 }, () => 'a') }] },
    }),
  ];
  expect(refused.map(codeOf)).toEqual([
    ...['RoleDefinitionHasAssignments', 'InvalidParameter', 'RoleDefinitionWithSameNameExists', 'SubscriptionNotFound'],
    ...['InvalidParameter', 'InvalidParameter', 'RequestContentTooLarge'],
  ]);
  await api.call('DELETE', assignment);
  expect((await api.call('DELETE', `${SUB}/${ROLES}/${guid}`)).status).toBe(200);
  expect((await api.call('DELETE', `${SUB}/${ROLES}/${guid}`)).status).toBe(204);
});

test('assignments are found at their scope, above it and below it', async () => {
  await using api = await fixture();
  const [one, two] = [randomUUID(), randomUUID()];
  const put = async (scope: string, principalId: string) => {
    const properties = {
      roleDefinitionId: `${SUB}/${ROLES}/${READER}`,
      principalId,
      principalType: 'ServicePrincipal',
    };
    const answer = await api.call('PUT', `${scope}/${ASSIGNMENTS}/${randomUUID()}`, { properties });
    expect(answer).toMatchObject({ status: 201, body: { properties: { scope: scope === '' ? '/' : scope } } });
    return (answer.body as { id: string }).id;
  };
  const ids = { tenant: await put('', one), subscription: await put(SUB, one), group: await put(GROUP, two) };
  const found = async (scope: string, filter = '') => {
    const { value } = (await api.call('GET', `${scope}/${ASSIGNMENTS}${filter}`)).body as { value: { id: string }[] };
    return value.map(({ id }) => id).sort();
  };
  expect(await found(GROUP)).toEqual(Object.values(ids).sort());
  expect(await found(SUB, '?$filter=atScope()')).toEqual([ids.tenant, ids.subscription].sort());
  expect(await found(SUB, `?$filter=principalId eq '${two.toUpperCase()}'`)).toEqual([ids.group]);
  expect(await found(SUB, `?$filter=atScope() and assignedTo('${one}')`)).toEqual(
    [ids.tenant, ids.subscription].sort(),
  );
  const pages: string[][] = [];
  for (let next: string | undefined = `${GROUP}/${ASSIGNMENTS}?$top=2`; next !== undefined; ) {
    const { value, nextLink } = (await api.call('GET', next)).body as { value: { id: string }[]; nextLink?: string };
    pages.push(value.map(({ id }) => id));
    next = nextLink;
  }
  expect(pages.map(({ length }) => length)).toEqual([2, 1]);
  expect(pages.flat().sort()).toEqual(Object.values(ids).sort());
  expect((await api.call('GET', ids.group.toLowerCase())).body).toMatchObject({ id: ids.group });
  expect(await api.call('DELETE', ids.group)).toMatchObject({ status: 200, body: { id: ids.group } });
  expect((await api.call('DELETE', ids.group)).status).toBe(204);
});

test('an assignment is of a role and a principal that there are, once, and never of another', async () => {
  await using api = await fixture();
  const { objectId } = await createPrincipal(api.store, { kind: 'ServicePrincipal', displayName: 'ci' });
  const id = `${GROUP}/${ASSIGNMENTS}/${randomUUID()}`;
  const properties = { roleDefinitionId: READER, principalId: objectId };
  expect((await api.call('PUT', id, { properties })).body).toMatchObject({
    properties: { principalType: 'ServicePrincipal' },
  });
  expect((await api.call('PUT', id, { properties })).status).toBe(200);
  const elsewhere = (name: string = randomUUID()) => `${GROUP}/${ASSIGNMENTS}/${name}`;
  const refused = [
    await api.call('PUT', elsewhere(), { properties }),
    await api.call('PUT', id, { properties: { ...properties, principalId: randomUUID(), principalType: 'User' } }),
    await api.call('PUT', elsewhere(), { properties: { ...properties, principalId: randomUUID() } }),
    await api.call('PUT', elsewhere(), { properties: { ...properties, roleDefinitionId: randomUUID() } }),
    await api.call('PUT', elsewhere('mine'), { properties }),
    await api.call('PUT', `${GROUP}2/${ASSIGNMENTS}/${randomUUID()}`, { properties }),
    await api.call('PUT', `${GROUP}/providers/Microsoft.Compute/images/none/${ASSIGNMENTS}/${randomUUID()}`, {
      properties,
    }),
    await api.call('PUT', elsewhere(), { properties: { ...properties, condition: 'x' } }),
  ];
  expect(refused.map(codeOf)).toEqual([
    ...['RoleAssignmentExists', 'RoleAssignmentUpdateNotPermitted', 'PrincipalNotFound', 'RoleDefinitionDoesNotExist'],
    ...['InvalidResourceName', 'ResourceGroupNotFound', 'ResourceNotFound', 'InvalidParameter'],
  ]);
});

test('a scope is the same with slashes at its end, however many', () => {
  expect([scopeKey('/'.repeat(200_000)), scopeKey(`${SUB}${'/'.repeat(200_000)}`)]).toEqual(['/', SUB]);
  const inner = `${'/'.repeat(200_000)}x`;
  expect(scopeKey(inner)).toBe(inner);
});
