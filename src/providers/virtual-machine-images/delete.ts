import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pollingHeaders } from '../../arm/long-running.ts';
import { releaseStagingGroup } from '../../galleries/staging-group.ts';
import type { OperationWork } from '../../jobs/operation-runner.ts';
import { beginOperation } from '../../store/operations.ts';
import { findResource, removeResource, updateResource } from '../../store/resources.ts';
import { storageBlobPath } from '../../store/storage-blobs.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { stagingHolder } from './creation.ts';
import { operationUrl } from './operation-url.ts';
import { internalOf, storedTemplate } from './stored-template.ts';
import { lastRun, refuseBusy } from './templates.ts';

const DELETE = 'ImageTemplateDelete';

/** `DELETE` of a template: what it owns goes with it, what it published stays. */
export async function deleteTemplate(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const operation = await store.write(async trx => {
    const found = await findResource(trx, request.id);
    if (found === undefined) return undefined;
    const template = storedTemplate(found);
    // Twice is once: a client may have missed the first answer.
    if (found.provisioningState === 'Deleting') return { id: template.state.operationId, template };
    refuseBusy('delete', template, await lastRun(trx, found.key));
    const id = await beginOperation(trx, {
      id: request.requestId,
      kind: DELETE,
      targetKey: found.key,
      subscription: found.subscription ?? '',
      location: found.location ?? '',
      input: { id: found.id },
      correlationId: request.correlationId,
    });
    const internal = internalOf({ ...template.state, operationId: id });
    await updateResource(trx, found.key, { internal, provisioningState: 'Deleting' });
    return { id, template };
  });
  if (operation === undefined) return { status: 204 };
  services.startOperation(operation.id);
  const url = operationUrl(request, operation.template.state.template.location, operation.id);
  return { status: 202, headers: pollingHeaders(url, new Set(['Azure-AsyncOperation', 'Location'])) };
}

/** Removes what a template owns, its storage account before its staging group, and then the template. */
export function templateDeletion({ store }: ProviderServices): OperationWork {
  return {
    kind: DELETE,
    async run(operation) {
      const found = await findResource(store.db, operation.targetKey);
      if (found === undefined) return undefined;
      const { state } = storedTemplate(found);
      if (state.storageAccount !== '') {
        const account = dirname(storageBlobPath(store, found.location ?? '', `${state.storageAccount}/-/-`));
        await rm(dirname(account), { recursive: true, force: true });
        await store.write(async trx => {
          await trx
            .deleteFrom('vhds')
            .where('region', '=', found.location ?? '')
            .where('name', 'like', `${state.storageAccount}/%`)
            .execute();
          const id = `${state.stagingGroup}/providers/Microsoft.Storage/storageAccounts/${state.storageAccount}`;
          await removeResource(trx, id.toLowerCase());
        });
      }
      await releaseStagingGroup(store, stagingHolder(found.key));
      return undefined;
    },
    async completed(trx, operation) {
      await removeResource(trx, operation.targetKey);
      // They are history, and none of a template that is made under the same name later.
      await trx
        .updateTable('runs')
        .set({ template_key: `${operation.targetKey}#${operation.id.toLowerCase()}` })
        .where('template_key', '=', operation.targetKey)
        .execute();
    },
    async failed(trx, operation) {
      await updateResource(trx, operation.targetKey, { provisioningState: 'Failed' });
    },
  };
}
