import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { identityError } from '../errors/identity.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { createPrincipal } from '../identity/principals.ts';
import { storeFixture } from '../store/store.fixture.ts';
import { graphRoutes } from './graph-routes.ts';

test('clients find out who a role is for, with a token', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const robot = await createPrincipal(store, { kind: 'ServicePrincipal', displayName: "ci's" });
  const user = await createPrincipal(store, { kind: 'User', displayName: 'ann' });
  await using app = Fastify();
  app.setErrorHandler((error, _request, reply) => reply.code(error instanceof KilnError ? error.status : 500).send({}));
  await app.register(scope =>
    graphRoutes(scope, {
      store,
      address: () => 'https://localhost/graph',
      authenticate: async ({ authorization }) => {
        if (authorization === undefined) throw identityError('AuthenticationFailed', {});
      },
    }),
  );
  const headers = { authorization: 'Bearer x' };
  const find = async (filter: string) => {
    const answer = await app.inject({
      url: `/graph/v1.0/servicePrincipals?${new URLSearchParams({ $filter: filter })}`,
      headers,
    });
    const { value } = answer.json<{ value?: { id: string }[] }>();
    return value === undefined ? answer.statusCode : value.map(({ id }) => id);
  };
  expect(await find(`servicePrincipalNames/any(c:c eq '${robot.appId.toUpperCase()}')`)).toEqual([robot.objectId]);
  expect(await find(`servicePrincipalNames/any(c:c eq '${user.appId}')`)).toEqual([]);
  expect(await find("displayName eq 'ci''s'")).toEqual([robot.objectId]);
  expect(await find('x')).toBe(400);
  const byIds = (payload: object) =>
    app.inject({ method: 'POST', url: '/graph/v1.0/directoryObjects/getByIds', headers, payload });
  const { value } = (await byIds({ ids: [user.objectId, robot.objectId, 'none'], types: ['user'] })).json();
  expect(value).toEqual([
    expect.objectContaining({
      '@odata.type': '#microsoft.graph.servicePrincipal',
      id: robot.objectId,
      appId: robot.appId,
    }),
    expect.objectContaining({ '@odata.type': '#microsoft.graph.user', id: user.objectId }),
  ]);
  expect((await byIds({})).statusCode).toBe(400);
  expect((await app.inject({ url: '/graph/v1.0/servicePrincipals' })).statusCode).toBe(401);
});
