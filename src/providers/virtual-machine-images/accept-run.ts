import type { DescribedSource } from '../../sources/describe-source.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { renderTemplate } from '../../template/render.ts';
import type { ProviderServices } from '../services.ts';
import { machineOf } from './feasibility.ts';
import type { StoredTemplate } from './stored-template.ts';

/** Puts a run of a template into the queue; wake the queue after the transaction. Returns the operation's id. */
export async function acceptTemplateRun(
  trx: StoreTransaction,
  { builds }: Pick<ProviderServices, 'builds'>,
  { resource, state }: StoredTemplate,
  source: DescribedSource,
  by: {
    readonly operationId?: string | undefined;
    readonly correlationId: string;
    readonly clientRequestId?: string | undefined;
    readonly trigger?: string;
  },
): Promise<string> {
  const { template } = state;
  const { cpus, memoryMiB } = machineOf(template, source);
  const operationId = by.operationId ?? crypto.randomUUID().toUpperCase();
  await builds.accept(trx, {
    templateKey: resource.key,
    templateName: resource.name,
    operationId,
    correlationId: by.correlationId,
    subscription: resource.subscription ?? '',
    location: template.location,
    request: {
      templateText: JSON.stringify(renderTemplate(template, '2025-10-01').resource, null, 2),
      apiVersion: '2025-10-01',
      templateId: resource.id,
      storageAccount: state.storageAccount,
      artifacts: state.artifacts,
      ...(by.clientRequestId === undefined ? {} : { clientRequestId: by.clientRequestId }),
      ...(by.trigger === undefined ? {} : { trigger: by.trigger }),
    },
    cpus,
    memoryMiB,
  });
  return operationId;
}
