import type { ApiVersion } from '../../template/model.ts';
import { isAtLeast } from '../../template/versions.ts';
import type { ArmOperation, Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { putTemplate } from './create.ts';
import { templateCreation } from './creation.ts';
import { deleteTemplate, templateDeletion } from './delete.ts';
import { metaOperations } from './operations.ts';
import { patchTemplate } from './patch.ts';
import { NAMESPACE, TEMPLATE, TEMPLATE_TYPE, VERSIONS } from './places.ts';
import { cancelTemplate, runTemplate } from './run.ts';
import { runOutputOperations } from './run-outputs.ts';
import { templateReads } from './templates.ts';
import { triggerOperations } from './triggers.ts';

/** In bytes, of a template's body. */
const LARGEST_TEMPLATE = 1024 * 1024;
const TRIGGER_VERSIONS = VERSIONS.filter(version => isAtLeast(version as ApiVersion, '2022-07-01'));

/** Microsoft.VirtualMachineImages: image templates, what their runs published, triggers. */
export function virtualMachineImages(services: ProviderServices): Provider {
  const { store } = services;
  const operations: readonly ArmOperation[] = [
    ...templateReads(store),
    {
      method: 'PUT',
      path: TEMPLATE,
      action: `${TEMPLATE_TYPE}/write`,
      largestBody: LARGEST_TEMPLATE,
      handle: request => putTemplate(services, request),
    },
    {
      method: 'PATCH',
      path: TEMPLATE,
      action: `${TEMPLATE_TYPE}/write`,
      largestBody: LARGEST_TEMPLATE,
      handle: request => patchTemplate(services, request),
    },
    {
      method: 'DELETE',
      path: TEMPLATE,
      action: `${TEMPLATE_TYPE}/delete`,
      handle: request => deleteTemplate(services, request),
    },
    {
      method: 'POST',
      path: `${TEMPLATE}/run`,
      action: `${TEMPLATE_TYPE}/run/action`,
      handle: request => runTemplate(services, request),
    },
    {
      method: 'POST',
      path: `${TEMPLATE}/cancel`,
      action: `${TEMPLATE_TYPE}/cancel/action`,
      handle: request => cancelTemplate(services, request),
    },
    ...runOutputOperations(store),
    ...triggerOperations(services),
    ...metaOperations(store),
  ];
  return {
    namespace: NAMESPACE,
    types: [
      { resourceType: 'imageTemplates', apiVersions: VERSIONS, tracked: true },
      { resourceType: 'imageTemplates/runOutputs', apiVersions: VERSIONS, tracked: false },
      { resourceType: 'imageTemplates/triggers', apiVersions: TRIGGER_VERSIONS, tracked: false },
      { resourceType: 'locations', apiVersions: VERSIONS, tracked: false },
      { resourceType: 'locations/operations', apiVersions: VERSIONS, tracked: false },
      { resourceType: 'operations', apiVersions: VERSIONS, tracked: false },
    ],
    operations,
    onlyApiVersions: VERSIONS,
    errorStyle: version => (VERSIONS.includes(version) && version < '2021-10-01' ? 'flat' : 'envelope'),
    works: [templateCreation(services), templateDeletion(services)],
  };
}
