import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { providerFixture } from '../../provider.fixture.ts';
import {
  bodyOf,
  changes,
  DEPLOYMENT,
  ended,
  everything,
  factory,
  GROUP,
  identity,
  nested,
  order,
  propertiesOf,
  providers,
  slow,
  thing,
  until,
} from './deployment-request.fixture.ts';

const THINGS = `${GROUP}/providers/Test.Slow/things`;

test('Complete removes what is not in the template', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  await arm.call('PUT', `${GROUP}/providers/Test.Slow/things/old?api-version=2024-01-01`, {
    location: 'westus2',
    properties: {},
  });
  const first = { ...factory, parameters: { gallery: factory.parameters.gallery }, outputs: {} };
  await ended(arm, await arm.call('PUT', DEPLOYMENT, order(first)));
  const body = order({ resources: [identity] }, { mode: 'Complete' });
  expect(changes(await arm.finished('POST', `${DEPLOYMENT}/whatIf`, body))).toEqual([
    'NoChange Microsoft.ManagedIdentity/userAssignedIdentities/builder',
    'Delete Microsoft.Compute/galleries/site',
    'Delete Microsoft.Compute/galleries/site/images/web',
    'Delete Test.Slow/things/old',
  ]);
  expect(await ended(arm, await arm.call('PUT', DEPLOYMENT, body))).toMatchObject({ status: 'Succeeded' });
  const left = bodyOf(await arm.call('GET', `${GROUP}/resources`))['value'];
  expect(left).toEqual([expect.objectContaining({ name: 'builder' })]);
});

test('a deployment at work is not replaced, and can be canceled', async () => {
  slow.puts.length = 0;
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const body = order({
    resources: [
      { ...thing('held'), properties: { hold: true } },
      { ...thing('then'), dependsOn: ['held'] },
    ],
  });
  const begun = await arm.call('PUT', DEPLOYMENT, body);
  await until(() => slow.held.has('held'));
  const refused = [await arm.call('PUT', DEPLOYMENT, body), await arm.call('DELETE', DEPLOYMENT)];
  for (const one of refused) expect(one).toMatchObject({ status: 409, body: { error: { code: 'DeploymentActive' } } });
  expect(await arm.call('POST', `${DEPLOYMENT}/cancel`)).toMatchObject({ status: 204 });
  expect(await ended(arm, begun)).toMatchObject({ status: 'Canceled', error: { code: 'DeploymentCanceled' } });
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))).toMatchObject({ provisioningState: 'Canceled' });
  expect(await arm.call('POST', `${DEPLOYMENT}/cancel`)).toMatchObject({ status: 409 });
  slow.held.clear();
});

test('a deployment that a crash has interrupted goes on with what is left', async () => {
  slow.puts.length = 0;
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const body = order(
    {
      parameters: { secret: { type: 'securestring' }, id: { type: 'string', defaultValue: '[newGuid()]' } },
      resources: [
        { ...thing('one'), properties: { id: "[parameters('id')]" } },
        {
          ...thing('held'),
          dependsOn: ['one'],
          properties: { hold: true, id: "[parameters('id')]", size: "[length(parameters('secret'))]" },
        },
      ],
      outputs: {
        size: { type: 'int', value: "[reference('held').size]" },
        same: { type: 'bool', value: "[equals(reference('held').id, reference('one').id)]" },
      },
    },
    { parameters: { secret: { value: 'four' } } },
  );
  const begun = await arm.call('PUT', DEPLOYMENT, body);
  await until(() => slow.held.has('held'));
  expect(await everything(arm)).not.toContain('"four"');
  // The runner stops where it is, and another begins.
  await arm.runner.stop();
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))).toMatchObject({ provisioningState: 'Running' });
  slow.held.clear();
  await arm.restart();
  expect(await ended(arm, begun)).toMatchObject({ status: 'Succeeded' });
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))['outputs']).toMatchObject({
    size: { value: 4 },
    same: { value: true },
  });
  expect(slow.puts.filter(name => name === 'one')).toHaveLength(1);
});

test('a deployment inside of another is done again when it is deployed again, and after a crash goes on', async () => {
  slow.puts.length = 0;
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const inner = (size: number, more: readonly object[] = []) =>
    order({ resources: [nested('inner', [{ ...thing('one'), properties: { size } }, ...more])] });
  const size = async () => propertiesOf(await arm.call('GET', `${THINGS}/one?api-version=2024-01-01`))['size'];
  for (const given of [1, 2]) {
    expect(await ended(arm, await arm.call('PUT', DEPLOYMENT, inner(given)))).toMatchObject({ status: 'Succeeded' });
    expect(await size()).toBe(given);
  }
  const held = { ...thing('held'), dependsOn: ['one'], properties: { hold: true } };
  const begun = await arm.call('PUT', DEPLOYMENT, inner(3, [held]));
  await until(() => slow.held.has('held'));
  await arm.runner.stop();
  slow.held.clear();
  await arm.restart();
  expect(await ended(arm, begun)).toMatchObject({ status: 'Succeeded' });
  expect(await size()).toBe(3);
  expect(slow.puts.filter(name => name === 'one')).toHaveLength(3);
});

test('deployments of one name inside of one operation are each done, one after the other', async () => {
  slow.puts.length = 0;
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const around = (name: string, size: number) =>
    nested(name, [nested('inner', [{ ...thing('one'), properties: { size } }])]);
  const begun = await arm.call(
    'PUT',
    DEPLOYMENT,
    order({ resources: [around('a', 1), { ...around('b', 2), dependsOn: ['a'] }] }),
  );
  expect(await ended(arm, begun)).toMatchObject({ status: 'Succeeded' });
  expect(slow.puts).toEqual(['one', 'one']);
});

test('a deployment inside of another takes over none that is at work', async () => {
  slow.puts.length = 0;
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const resources = [{ ...thing('held'), properties: { hold: true } }];
  const active = { code: 'DeploymentActive' };
  const refused = { status: 'Failed', error: { details: [{ details: [active] }] } };
  const records = DEPLOYMENT.replace(/main$/, 'inner');
  const atWork = await arm.call('PUT', records, order({ resources }));
  await until(() => slow.held.has('held'));
  const shown = await arm.call('GET', records);
  const other = await ended(
    arm,
    await arm.call('PUT', DEPLOYMENT, order({ resources: [nested('inner', [thing('two')])] })),
  );
  expect(other).toMatchObject({ status: 'Failed' });
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))).toMatchObject({ error: { details: [active] } });
  expect(await arm.call('GET', records)).toEqual(shown);
  slow.held.clear();
  expect(await ended(arm, atWork)).toMatchObject({ status: 'Succeeded' });
  // Its own name, and that of one around it.
  const own = await ended(
    arm,
    await arm.call('PUT', DEPLOYMENT, order({ resources: [nested('Main', [thing('two')])] })),
  );
  expect(own).toMatchObject({ status: 'Failed', error: { details: [active] } });
  const twice = nested('inner', [nested('inner', [thing('two')])]);
  expect(await ended(arm, await arm.call('PUT', DEPLOYMENT, order({ resources: [twice] })))).toMatchObject(refused);
  expect(propertiesOf(await arm.call('GET', DEPLOYMENT))).toMatchObject({ provisioningState: 'Failed' });
  expect(slow.puts).toEqual(['held']);
  // Now that nothing is at work, the name is free.
  const free = await arm.call('PUT', DEPLOYMENT, order({ resources: [nested('inner', [thing('two')])] }));
  expect(await ended(arm, free)).toMatchObject({ status: 'Succeeded' });
});

test('a template that takes long to evaluate keeps nobody else waiting', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', GROUP, { location: 'westus2' });
  const big =
    "[length(join(map(range(0, 10000), lambda('a', length(map(range(0, 20), lambda('b', uniqueString(string(lambdaVariables('b')))))))), ''))]";
  const outputs = Object.fromEntries(['a', 'b'].map(name => [name, { type: 'int', value: big }]));
  const started = performance.now();
  const validating = arm.call('POST', `${DEPLOYMENT}/validate`, order({ outputs }));
  let longest = 0;
  let busy = true;
  const watch = (async () => {
    for (let last = performance.now(); busy; last = performance.now()) {
      await delay(1);
      longest = Math.max(longest, performance.now() - last);
    }
  })();
  await validating;
  busy = false;
  await watch;
  const whole = performance.now() - started;
  // Were it evaluated here, one pause would be nearly the whole.
  expect(whole).toBeGreaterThan(200);
  expect(longest).toBeLessThan(whole / 2);
});
