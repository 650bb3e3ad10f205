import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { operationsInProgress } from '../../store/operations.ts';
import { endRun, recordRunOutput } from '../../store/runs.ts';
import { type ProviderFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import type { ArmResponse } from '../provider.ts';
import {
  bodyThatMade,
  buildable,
  differences,
  type Exchange,
  specExchanges,
  specSite,
  template,
} from './spec-exchanges.fixture.ts';

type Json = Readonly<Record<string, unknown>>;

const ALL_TEMPLATES = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.VirtualMachineImages/imageTemplates`;

/** Requests of the examples that are refused, and whether the same is accepted without what is refused. */
const REFUSED: readonly (readonly [example: RegExp, code: string, otherwise: boolean])[] = [
  // Installing from a medium, which the service gave up itself.
  [/^2018\S* CreateImageTemplate$/, 'IsoSourceUnsupported', true],
  // The build VM is in a network of its own.
  [/ CreateImageTemplateLinux$/, 'FeatureUnavailable', true],
  [/ UpdateImageTemplateVmProfile$/, 'FeatureUnavailable', true],
  // There are no Windows guests.
  [/ CreateImageTemplateWindows$/, 'FeatureUnavailable', false],
  // From 2020-02-14 an identity is required: the service says so in these words.
  [/^(?!2019)\S* UpdateImageTemplateToRemoveIdentities$/, 'ValidationFailed', false],
];

/** How shapes of answers differ from the examples, by the reason. */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = {
  'the service was recorded to say this': [
    ...['added: tags', 'added: properties.provisioningState', 'added: properties.buildTimeoutInMinutes'],
    ...['added: properties.stagingResourceGroup', 'added: properties.exactStagingResourceGroup'],
    ...['added: properties.customize[].sha256Checksum', 'added: properties.source.exactVersion'],
    ...['added: properties.distribute[].artifactTags', 'added: properties.distribute[].versioning'],
    // While a template is being made, nothing is known of its identity.
    'missing: identity.userAssignedIdentities.*.clientId',
    'missing: identity.userAssignedIdentities.*.principalId',
  ],
  'clients read it without looking whether it is there': ['added: identity'],
  'there is no template with such a source': [
    ...['missing: properties.source.sourceURI', 'missing: properties.source.sourceUri'],
    ...['missing: properties.source.sha256Checksum', 'added: properties.source.publisher'],
    ...['added: properties.source.offer', 'added: properties.source.sku', 'added: properties.source.version'],
  ],
  'from 2020-02-14 there is no template without an identity': ['added: identity.userAssignedIdentities'],
  'there is no template in such a network': ['missing: properties.vmProfile.vnetConfig'],
  'the description of the version does not define it': [
    'missing: properties.distribute[].tags',
    'missing: properties.distribute[].imageId',
  ],
  'the list of operations is one for all versions, and names what each is about': [
    ...['13 instead of 10 elements: value', 'added: display.resource'],
  ],
  'there is no second page of operations, nor of the triggers of a template': ['missing: nextLink'],
};
const KNOWN = new Set(Object.values(DIFFERENT).flat());
const seen = new Set<string>();

const versions = Map.groupBy(specExchanges(), ({ version }) => version);

describe.each([...versions])('%s', (version, exchanges) => {
  let site: ProviderFixture;
  beforeAll(async () => {
    site = await specSite();
  });
  afterAll(() => site[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const { id } of await operationsInProgress(site.store.db)) await site.runner.done(id);
    const { body } = await site.call('GET', `${ALL_TEMPLATES}?api-version=${version}`);
    for (const { id } of (body as { value: { id: string }[] }).value) {
      await site.call('POST', `${id}/cancel?api-version=2020-02-14`);
      await site.finished('DELETE', `${id}?api-version=${version}`);
    }
  });

  test.each(exchanges)('$method of $example is answered as documented', async exchange => {
    const name = `${version} ${exchange.example}`;
    await prepare(site, exchange);
    const refusal = REFUSED.find(([example]) => example.test(name));
    let answer = await send(site, exchange);
    let sent = exchange;
    if (refusal !== undefined) {
      seen.add(String(refusal[0]));
      expect([answer.status, codeOf(answer)]).toEqual([400, refusal[1]]);
      if (!refusal[2]) return;
      sent = { ...exchange, parameters: { ...exchange.parameters, parameters: buildable(bodyOf(exchange)) } };
      answer = await send(site, sent);
    }
    check(sent, answer);
    if (['PUT', 'DELETE'].includes(exchange.method)) {
      const url = answer.headers?.['Azure-AsyncOperation'] ?? answer.headers?.['Location'];
      if (url !== undefined) await site.done(url);
      check(sent, await send(site, sent));
    }
  });
});

test('every known difference is one that there is', () => {
  expect([...seen].sort()).toEqual([...REFUSED.map(([example]) => String(example)), ...KNOWN].sort());
});

function check(exchange: Exchange, answer: ArmResponse): void {
  const { responses, statuses } = exchange;
  expect(statuses, JSON.stringify(answer.body)).toContain(answer.status);
  // The oldest versions' examples of GET have 202 where their descriptions have 200.
  const said = responses[answer.status] ?? Object.values(responses).find(({ body }) => body !== undefined);
  for (const header of Object.keys(responses[answer.status]?.headers ?? {}))
    expect(answer.headers).toHaveProperty(header);
  expect(answer.body === undefined).toBe(said?.body === undefined);
  if (said?.body === undefined) return;
  const found = differences(said.body, inOrderOf(said.body, answer.body)).map(one => one.replace(': value[].', ': '));
  expect(found.filter(one => !KNOWN.has(one))).toEqual([]);
  for (const one of found) seen.add(one);
}

/** A list in the order in which the example has its elements. */
function inOrderOf(said: Json, got: unknown): unknown {
  const { value } = said as { value?: readonly { name: string }[] };
  const { value: all = [], ...rest } = got as { value?: readonly { name: string }[] };
  if (value === undefined) return got;
  const place = (name: string) => value.findIndex(one => one.name === name);
  return { value: [...all].sort((a, b) => place(a.name) - place(b.name)), ...rest };
}

function codeOf({ body }: ArmResponse): string | undefined {
  const { error = body } = body as { error?: unknown };
  return (error as { code?: string }).code;
}

function bodyOf({ parameters }: Exchange): Json {
  return (parameters['parameters'] ?? {}) as Json;
}

function send(site: ProviderFixture, { path, method, parameters, version, responses }: Exchange) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => String(parameters[name]));
  const [page] = Object.values(responses).flatMap(({ body }) =>
    body?.['nextLink'] === undefined ? [] : [(body['value'] as unknown[]).length],
  );
  const top = page === undefined ? '' : `&$top=${page}`;
  return site.call(method, `${filled}?api-version=${version}${top}`, parameters['parameters']);
}

/** Makes what the request needs: what the example shows, more than a page where it shows a link to the next. */
async function prepare(site: ProviderFixture, { path, method, version, parameters, responses }: Exchange) {
  const put = async (id: string, body: unknown) => {
    const answer = await site.finished('PUT', `${id}?api-version=${version}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  };
  if (!path.includes('imageTemplates')) return;
  const shown = Object.values(responses).find(({ body }) => body !== undefined)?.body ?? {};
  const all = (shown['value'] ?? [shown]) as readonly Json[];
  const own = path
    .replace(/(\{imageTemplateName\}).*$/, '$1')
    .replace(/\{(\w+)\}/g, (_, name) => String(parameters[name]));
  if (path.endsWith('imageTemplates')) {
    for (const one of all) await put(String(one['id']), bodyThatMade(one));
    const [first = {}] = all;
    if (shown['nextLink'] !== undefined) await put(String(first['id']).replace(/[^/]+$/, 'zzz'), bodyThatMade(first));
    return;
  }
  if (path.endsWith('{imageTemplateName}')) {
    if (method !== 'PUT')
      await put(own, shown['properties'] === undefined ? template(version, ['disk']) : bodyThatMade(shown));
    return;
  }
  const outputs = path.includes('runOutputs') ? [...all.map(one => String(one['name'])), 'zzz'] : ['disk'];
  await put(own, template(version, outputs));
  if (path.includes('triggers') && method !== 'PUT') {
    const name = parameters['triggerName'] ?? all[0]?.['name'];
    await put(`${own}/triggers/${name}`, { properties: { kind: 'SourceImage' } });
  }
  if (!path.includes('runOutputs')) return;
  await site.call('POST', `${own}/run?api-version=${version}`);
  const { store } = site;
  const { id: runId } = await store.db
    .selectFrom('runs')
    .select('id')
    .where('status', '=', 'Queued')
    .executeTakeFirstOrThrow();
  await store.write(async trx => {
    for (const name of outputs) {
      const artifactId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Compute/images/${name}`;
      await recordRunOutput(trx, {
        runId,
        name,
        type: 'ManagedImage',
        artifactId,
        path: '/x',
        digest: 'd',
        sizeBytes: 1,
      });
    }
    await endRun(trx, runId, { status: 'Succeeded', endedAt: new Date().toISOString(), result: { error: null } });
  });
}
