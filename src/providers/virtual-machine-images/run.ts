import { pollingHeaders } from '../../arm/long-running.ts';
import { findOperation } from '../../store/operations.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { acceptTemplateRun } from './accept-run.ts';
import { creationCanceled } from './creation.ts';
import { describe } from './feasibility.ts';
import { operationUrl } from './operation-url.ts';
import type { StoredTemplate } from './stored-template.ts';
import { isActive, lastRun, notAllowed, refuseBusy, requireTemplate, templateId } from './templates.ts';

/** Both headers say the same address, as the service's do. */
const BOTH = new Set(['Azure-AsyncOperation', 'Location'] as const);

/**
 * `POST .../run`. A client that sends the same request again, because it saw no answer to the first, gets the answer of the
 * run that the first began.
 */
export async function runTemplate(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const before = await requireTemplate(store.db, templateId(request));
  const { subscription = '' } = before.resource;
  const repeated = await repeatedRun(services, before, request);
  if (repeated !== undefined) return accepted(request, before, repeated);
  refuseUnfit(before);
  const source = await describe(before.state.template, subscription, services);
  const operationId = await store.write(async trx => {
    const template = await requireTemplate(trx, before.resource.key);
    const run = await lastRun(trx, template.resource.key);
    if (isActive(run) && isSameRequest(run?.accepted?.request, request)) return run?.accepted?.operationId ?? '';
    refuseBusy('run/action', template, run);
    refuseUnfit(template);
    return acceptTemplateRun(trx, services, template, source, {
      operationId: request.requestId,
      correlationId: request.correlationId,
      clientRequestId: request.clientRequestId,
    });
  });
  services.builds.wake();
  return accepted(request, before, operationId);
}

function accepted(request: ArmRequest, { state }: StoredTemplate, operationId: string): ArmResponse {
  return { status: 202, headers: pollingHeaders(operationUrl(request, state.template.location, operationId), BOTH) };
}

/** The operation that the same request of the client began, if it did. */
async function repeatedRun(
  { store }: ProviderServices,
  { resource }: StoredTemplate,
  request: ArmRequest,
): Promise<string | undefined> {
  const run = await lastRun(store.db, resource.key);
  if (run?.accepted === undefined || !isSameRequest(run.accepted.request, request)) return undefined;
  return (await findOperation(store.db, run.accepted.operationId))?.id;
}

function isSameRequest(accepted: unknown, { clientRequestId }: ArmRequest): boolean {
  if (clientRequestId === undefined) return false;
  return (accepted as { clientRequestId?: string } | undefined)?.clientRequestId === clientRequestId;
}

/** @throws KilnError `OperationNotAllowed` for a template that was not made as a whole. */
function refuseUnfit({ resource, state }: StoredTemplate): void {
  const { provisioningState } = resource;
  if (provisioningState !== 'Failed' && provisioningState !== 'Canceled') return;
  const why = state.provisioningError === undefined ? '' : `: ${state.provisioningError.message.replace(/\.+$/, '')}`;
  throw notAllowed(
    'run/action',
    `in provisioningState: '${provisioningState.toLowerCase()}'${why}`,
    'Delete the template and make it again.',
  );
}

/** `POST .../cancel`: ends a run, or the creation of a template. Where there is nothing to end, that is no error. */
export async function cancelTemplate(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const { resource, state } = await requireTemplate(store.db, templateId(request));
  if (resource.provisioningState === 'Creating' || resource.provisioningState === 'Updating') {
    services.cancelOperation(state.operationId, creationCanceled());
    return { status: 204 };
  }
  const canceled = await store.write(async trx => {
    const run = await lastRun(trx, resource.key);
    if (run === undefined || !isActive(run)) return false;
    await services.builds.cancel(trx, run.id);
    return true;
  });
  if (canceled) services.builds.wake();
  return { status: 204 };
}
