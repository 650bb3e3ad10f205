import { setTimeout as delay } from 'node:timers/promises';
import { authorizationProvider } from '../../authorization/provider.ts';
import { computeProvider } from '../../compute/provider.ts';
import { managedIdentityProvider } from '../../managed-identity/provider.ts';
import { networkProvider } from '../../network/provider.ts';
import { type ProviderFixture, SUBSCRIPTION } from '../../provider.fixture.ts';
import type { Provider } from '../../provider.ts';
import { isObject } from '../../request-body.ts';
import type { ProviderServices } from '../../services.ts';
import { resourcesProvider } from '../provider.ts';
import { slowProvider } from './slow-provider.fixture.ts';

export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
export const DEPLOYMENT = `${GROUP}/providers/Microsoft.Resources/deployments/main`;
export const SCHEMA = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

export const slow = slowProvider();
export const providers = (services: ProviderServices, all: () => readonly Provider[]): readonly Provider[] => [
  resourcesProvider(services, all),
  computeProvider(services),
  networkProvider(services),
  managedIdentityProvider(services),
  authorizationProvider(services),
  slow.provider(services),
];

export const identity = {
  type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  apiVersion: '2023-01-31',
  name: 'builder',
  location: '[resourceGroup().location]',
};

export const factory = {
  parameters: { gallery: { type: 'string', defaultValue: 'site' }, password: { type: 'securestring' } },
  resources: [
    identity,
    {
      type: 'Microsoft.Compute/galleries/images',
      apiVersion: '2022-03-03',
      name: "[format('{0}/web', parameters('gallery'))]",
      location: '[resourceGroup().location]',
      dependsOn: ["[resourceId('Microsoft.Compute/galleries', parameters('gallery'))]"],
      tags: { builder: 'x' },
      properties: {
        osType: 'Linux',
        osState: 'Generalized',
        hyperVGeneration: 'V2',
        identifier: { publisher: 'p', offer: 'o', sku: 's' },
        description:
          "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'builder')).principalId]",
      },
    },
    {
      type: 'Microsoft.Compute/galleries',
      apiVersion: '2022-03-03',
      name: "[parameters('gallery')]",
      location: '[resourceGroup().location]',
      properties: {},
    },
  ],
  outputs: {
    prefix: {
      type: 'string',
      value:
        "[reference(resourceId('Microsoft.Network/virtualNetworks', 'net'), '2022-01-01').addressSpace.addressPrefixes[0]]",
    },
    principal: {
      type: 'string',
      value: "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'builder')).principalId]",
    },
    password: { type: 'securestring', value: "[parameters('password')]" },
  },
};

export function template(parts: object): object {
  return { $schema: SCHEMA, contentVersion: '1.0.0.0', resources: [], ...parts };
}

export function order(parts: object, properties: object = {}): object {
  return { properties: { mode: 'Incremental', template: template(parts), ...properties } };
}

export function thing(name: string) {
  return { type: 'Test.Slow/things', apiVersion: '2024-01-01', name, location: 'westus2', properties: {} };
}

/** A deployment inside of another. */
export function nested(name: string, resources: readonly object[]) {
  return {
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2021-04-01',
    name,
    properties: { mode: 'Incremental', template: template({ resources }) },
  };
}

/** The status of a deployment that has ended. */
export async function ended(
  arm: ProviderFixture,
  begun: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
) {
  const url = begun.headers?.['Azure-AsyncOperation'];
  if (url === undefined) throw new Error(JSON.stringify(begun.body));
  await arm.done(url);
  return (await arm.call('GET', url)).body;
}

export async function until(met: () => boolean): Promise<void> {
  while (!met()) await delay(5);
}

/** `Create Microsoft.Compute/galleries/site` */
export function changes(answer: { readonly body?: unknown }): readonly string[] {
  const all = propertiesOf(answer)['changes'];
  if (!Array.isArray(all)) throw new Error(JSON.stringify(answer.body));
  return all.map(
    ({ changeType, resourceId }) => `${changeType} ${String(resourceId).replace(`${GROUP}/providers/`, '')}`,
  );
}

export async function everything({ store }: ProviderFixture): Promise<string> {
  const resources = await store.db.selectFrom('resources').selectAll().execute();
  const operations = await store.db.selectFrom('operations').selectAll().execute();
  return JSON.stringify([resources.filter(({ type }) => !type.startsWith('Test.')), operations]);
}

export function bodyOf({ body }: { readonly body?: unknown }): Readonly<Record<string, unknown>> {
  return isObject(body) ? body : {};
}

export function outputValues(answer: { readonly body?: unknown }): Readonly<Record<string, unknown>> {
  const { outputs } = propertiesOf(answer);
  return Object.fromEntries(
    Object.entries(isObject(outputs) ? outputs : {}).map(([name, one]) => [name, bodyOf({ body: one })['value']]),
  );
}

export function propertiesOf(answer: { readonly body?: unknown }): Readonly<Record<string, unknown>> {
  const { properties } = bodyOf(answer);
  return isObject(properties) ? properties : {};
}
