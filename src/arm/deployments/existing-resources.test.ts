import { expect, test } from 'vitest';
import { evaluated, template } from './deployment.fixture.ts';
import { type Asked, ExistingResources } from './existing-resources.ts';

const SCOPE = '/subscriptions/s/resourceGroups/g/providers/Test.Kiln/things';

test('what one answer names is looked up as well, each resource once for an API version', async () => {
  const asked: Asked[] = [];
  const existing = new ExistingResources(async all => {
    asked.push(...all);
    return all.map(({ id }) => (id.endsWith('c') ? undefined : { properties: { next: id.endsWith('A') ? 'b' : 'c' } }));
  });
  const of = (name: string) => `reference(concat('${SCOPE}/', ${name}), '2020-01-01')`;
  const value = `[${of(`${of("'A'")}.next`)}.next]`;
  const outputs = { first: { type: 'string', value }, second: { type: 'string', value } };
  const settled = await existing.settle(() => {
    return evaluated(template({ outputs }), { existing: existing.get }).outputs(() => undefined);
  });
  expect(settled).toMatchObject({ first: { value: 'c' }, second: { value: 'c' } });
  expect(asked).toEqual(['A', 'b'].map(name => ({ id: `${SCOPE}/${name}`, apiVersion: '2020-01-01' })));
});

test('what is not there stays an error', async () => {
  const existing = new ExistingResources(async () => []);
  const outputs = { none: { type: 'object', value: `[reference('${SCOPE}/x', '2020-01-01')]` } };
  const settled = existing.settle(() => evaluated(template({ outputs }), { existing: existing.get }));
  await expect(settled).rejects.toMatchObject({ code: 'ResourceNotFound' });
});

test('a template that has never asked enough comes to an end', async () => {
  let rounds = 0;
  const existing = new ExistingResources(async asked => asked.map(() => undefined));
  const endless = existing.settle(() => {
    rounds += 1;
    return existing.get(`/made/up/${rounds}`) ?? rounds;
  });
  expect(await endless).toBe(50);
});
