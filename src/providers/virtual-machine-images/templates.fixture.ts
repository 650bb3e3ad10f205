import { expect } from 'vitest';
import { buildServices } from '../../build/open-services.ts';
import { parseSiteConfig } from '../../config/site-config.ts';
import { beginOperation } from '../../store/operations.ts';
import { insertResource } from '../../store/resources.ts';
import { acceptRun, requestCancel } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import type { ProviderServices } from '../services.ts';
import { virtualMachineImages } from './provider.ts';

export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
export const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aib`;
export const TEMPLATE = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/web`;
export const V = 'api-version=2024-02-01';

export const source = {
  type: 'PlatformImage',
  publisher: 'Debian',
  offer: 'debian-12',
  sku: '12-gen2',
  version: 'latest',
};

export function body(more: object = {}) {
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

export interface Site extends AsyncDisposable {
  readonly fixture: ProviderFixture;
  readonly services: ProviderServices;
  readonly store: Store;
  lastRunId(): Promise<string>;
}

export async function site(templates: Partial<ProviderServices['templates']> = {}): Promise<Site> {
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

export async function made(of: Site, more: object = {}): Promise<void> {
  const answer = await of.fixture.finished('PUT', `${TEMPLATE}?${V}`, body(more));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

export async function get(
  of: Site,
  path = `${TEMPLATE}?${V}`,
): Promise<Record<string, never> & { properties: Record<string, unknown> }> {
  const answer = await of.fixture.call('GET', path);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as never;
}

export function operationIn(answer: { readonly headers?: Readonly<Record<string, string>> }): string {
  return (answer.headers?.['Azure-AsyncOperation'] ?? '').replace(/^.*operations\/|\?.*$/g, '');
}

export function codeOf(answer: { readonly body?: unknown }): string {
  return (answer.body as { error: { code: string } }).error.code;
}
