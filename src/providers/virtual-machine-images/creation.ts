import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Attempts } from '../../errors/attempts.ts';
import { buildError } from '../../errors/build.ts';
import type { KilnError } from '../../errors/kiln-error.ts';
import { heldStagingGroup, prepareStagingGroup } from '../../galleries/staging-group.ts';
import type { OperationWork } from '../../jobs/operation-runner.ts';
import { artifactNeeds } from '../../plan/plan.ts';
import type { DescribedSource } from '../../sources/describe-source.ts';
import type { OperationRecord } from '../../store/operations.ts';
import { findResource, insertResource, type StoredResource, updateResource } from '../../store/resources.ts';
import { storageBlobPath } from '../../store/storage-blobs.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import type { ProviderServices } from '../services.ts';
import { acceptTemplateRun } from './accept-run.ts';
import { CREATE } from './create.ts';
import { describe } from './feasibility.ts';
import { findIdentities } from './identities.ts';
import {
  internalOf,
  type KeptArtifact,
  type StoredTemplate,
  storedTemplate,
  type TemplateState,
} from './stored-template.ts';

/** Container of the copies of scripts and files. */
const SCRIPTS = 'scripts';
const ACCOUNT_TYPE = 'Microsoft.Storage/storageAccounts';

/** Errors of a creation that the service has codes for; the others are `Other`. */
const CODES = new Set([
  'BadSourceType',
  'BadPIRSource',
  'BadManagedImageSource',
  'BadSharedImageVersionSource',
  'UnsupportedCustomizerType',
  'UnsupportedValidatorType',
  'BadSharedImageDistribute',
  'BadStagingResourceGroup',
]);

/** Whoever holds the staging group of a template: the template itself. */
export function stagingHolder(key: string): string {
  return `template:${key}`;
}

/**
 * What happens at the creation of a template: its staging group and storage account, its source's version, copies of all
 * scripts and files with their checksums, its identities. With `autoRun` its first run.
 */
export function templateCreation(services: ProviderServices): OperationWork {
  const { store } = services;
  return {
    kind: CREATE,
    async run(operation, signal) {
      const found = await findResource(store.db, operation.targetKey);
      if (found === undefined || !isOwn(found, operation)) return undefined;
      const template = storedTemplate(found);
      const stagingGroup = await stagingOf(services, template);
      const storageAccount = await storageOf(store, template, stagingGroup, operation);
      const { subscription = '' } = template.resource;
      const source = await describe(template.state.template, subscription, services);
      const identities = await findIdentities(store.db, template.state.template, services.tenantId);
      const artifacts = await fetchAll(services, template, storageAccount, signal);
      const { type } = template.state.template.source;
      const exactVersion = type === 'SharedImageVersion' ? source.exactName : (source.exactVersion ?? '');
      return { source, known: { identities, artifacts, exactVersion, provisioningError: undefined } };
    },
    async completed(trx, operation, outcome) {
      const found = await findResource(trx, operation.targetKey);
      if (outcome === undefined || found === undefined || !isOwn(found, operation)) return undefined;
      const { source, known } = outcome as { source: DescribedSource; known: Partial<TemplateState> };
      const ready = await change(trx, operation, known, 'Succeeded');
      if (ready?.state.template.autoRun !== 'Enabled') return undefined;
      await acceptTemplateRun(trx, services, ready, source, { correlationId: operation.correlationId });
      services.builds.wake();
      return undefined;
    },
    async failed(trx, operation, error) {
      const found = await findResource(trx, operation.targetKey);
      if (found === undefined || !isOwn(found, operation)) return;
      const canceled = error.code === 'BuildCanceled';
      await change(trx, operation, { provisioningError: provisioningError(error) }, canceled ? 'Canceled' : 'Failed');
    },
  };
}

/** Whether a template is still what the operation makes: it may have been deleted, and made again, meanwhile. */
function isOwn(resource: StoredResource, operation: OperationRecord): boolean {
  const { state } = storedTemplate(resource);
  return ['Creating', 'Updating'].includes(resource.provisioningState) && state.operationId === operation.id;
}

/** The error by which a creation that was canceled ends. */
export function creationCanceled(): KilnError {
  return buildError('BuildCanceled', { stage: 'fetch' });
}

function provisioningError(error: KilnError): TemplateState['provisioningError'] {
  const code = CODES.has(error.code) ? error.code : error.status >= 500 && error.exit !== 1 ? 'ServerError' : 'Other';
  const where = error.target === undefined ? '' : ` (${error.target})`;
  const all = error.details.length > 1 ? error.details.map(({ message }) => message).join(' ') : error.message;
  return { provisioningErrorCode: code, message: `${all}${where} ${error.todo}`.trim() };
}

/** Changes what is known of the operation's template. */
async function change(
  trx: StoreTransaction,
  operation: OperationRecord,
  more: Partial<TemplateState>,
  provisioningState?: string,
): Promise<StoredTemplate | undefined> {
  const found = await findResource(trx, operation.targetKey);
  if (found === undefined) return undefined;
  const { state } = storedTemplate(found);
  const changed = await updateResource(trx, found.key, {
    internal: internalOf({ ...state, ...more }),
    ...(provisioningState === undefined ? {} : { provisioningState }),
  });
  return changed === undefined ? undefined : storedTemplate(changed);
}

async function stagingOf({ store }: ProviderServices, { resource, state }: StoredTemplate): Promise<string> {
  const holder = stagingHolder(resource.key);
  const held = await heldStagingGroup(store, holder);
  if (held !== undefined) return held;
  const [, subscription = '', resourceGroup = ''] =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)/i.exec(resource.id) ?? [];
  const { template } = state;
  const { id } = await prepareStagingGroup(store, {
    wanted: template.stagingResourceGroup,
    template: { name: resource.name, resourceGroup, subscription, location: template.location },
    strict: true,
    holder,
    tags: template.managedResourceTags,
  });
  return id;
}

/** The storage account in the staging group, which holds logs, VHDs and the copies of scripts. */
async function storageOf(
  store: Store,
  { resource, state }: StoredTemplate,
  stagingGroup: string,
  operation: OperationRecord,
): Promise<string> {
  if (state.storageAccount !== '') return state.storageAccount;
  const name = accountName();
  await store.write(async trx => {
    await insertResource(trx, {
      id: `${stagingGroup}/providers/${ACCOUNT_TYPE}/${name}`,
      type: ACCOUNT_TYPE,
      parentKey: undefined,
      location: resource.location,
      tags: { ...state.template.managedResourceTags, createdBy: 'AzureVMImageBuilder' },
      body: {
        sku: { name: 'Standard_ZRS', tier: 'Standard' },
        kind: 'StorageV2',
        properties: { supportsHttpsTrafficOnly: true, allowBlobPublicAccess: false, minimumTlsVersion: 'TLS1_2' },
      },
      internal: { template: resource.key },
      provisioningState: 'Succeeded',
      createdBy: undefined,
    });
    await change(trx, operation, { stagingGroup, storageAccount: name });
  });
  return name;
}

/** 24 lower-case letters and digits: a name that no account has. */
function accountName(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 24 }, (_, i) => letters[randomInt(i === 0 ? 26 : letters.length)]).join('');
}

async function fetchAll(
  services: ProviderServices,
  { resource, state }: StoredTemplate,
  account: string,
  signal: AbortSignal,
): Promise<readonly KeptArtifact[]> {
  const needs = artifactNeeds(state.template);
  if (needs.length === 0) return [];
  const directory = dirname(storageBlobPath(services.store, resource.location ?? '', `${account}/${SCRIPTS}/-`));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const attempts = new Attempts();
  const emit = () => undefined;
  const fetched = await Promise.all(
    needs.map(need => attempts.try(() => services.fetchArtifact(need, directory, { emit, signal }))),
  );
  attempts.end();
  return fetched.flatMap(one => (one === undefined ? [] : [{ uri: one.uri, path: one.path, sha256: one.sha256 }]));
}
