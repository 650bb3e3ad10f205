import { randomUUID } from 'node:crypto';
import type { AcceptedRequest } from './build-queue.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

/** Id of a template, and of the resource group of a test. */
export function templateIdOf(name: string, group = 'images'): string {
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${group}/providers/Microsoft.VirtualMachineImages/imageTemplates/${name}`;
}

/** A run as a provider hands it to the queue; only what a test is about is stated. */
export function acceptedRun(
  name: string,
  { group, templateText = '{}', ...more }: Partial<AcceptedRequest> & { group?: string; templateText?: string } = {},
): AcceptedRequest {
  const templateId = templateIdOf(name, group);
  return {
    ...{ templateKey: templateId.toLowerCase(), templateName: name, location: 'local', subscription: SUBSCRIPTION },
    operationId: randomUUID().toUpperCase(),
    correlationId: randomUUID(),
    cpus: 1,
    memoryMiB: 512,
    request: { templateText, apiVersion: '2024-02-01', templateId, storageAccount: 'staging1', artifacts: [] },
    ...more,
  };
}
