import { operationResult } from '../operation-status.ts';
import type { Provider, ResourceTypeInfo } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { deleteGroup } from './delete-group.ts';
import { deploymentRecordOperations } from './deployments/deployment-records.ts';
import { deploymentOperations } from './deployments/deployments.ts';
import { EvaluationProcess } from './deployments/evaluator.ts';
import { deploy } from './deployments/run-deployment.ts';
import { Seal } from './deployments/sealed.ts';
import { registrationOperations } from './registration.ts';
import { resourceGroupOperations } from './resource-groups.ts';
import { resourceListOperations } from './resource-list.ts';
import { subscriptionOperations } from './subscriptions.ts';
import { tagsOperations } from './tags.ts';

const API_VERSIONS = ['2024-03-01', '2023-07-01', '2022-09-01', '2021-04-01', '2020-10-01', '2019-10-01', '2018-05-01'];

/**
 * Azure Resource Manager itself: subscriptions, resource groups, lists of resources, providers, tags, deployments.
 *
 * @param providers all that there are, this one among them
 */
export function resourcesProvider(services: ProviderServices, providers: () => readonly Provider[]): Provider {
  const { store } = services;
  const evaluator = new EvaluationProcess();
  const means = { services, providers, evaluator, seal: new Seal(services.home.service) };
  return {
    namespace: 'Microsoft.Resources',
    types: [
      type('subscriptions'),
      type('subscriptions/resourceGroups'),
      type('resourceGroups'),
      type('subscriptions/locations'),
      type('subscriptions/providers'),
      type('subscriptions/operationresults'),
      type('resources'),
      type('tenants'),
      type('tags'),
      type('deployments'),
      type('deployments/operations'),
    ],
    operations: [
      ...subscriptionOperations(services),
      ...resourceGroupOperations(services),
      ...resourceListOperations(store),
      ...registrationOperations(services, providers),
      ...tagsOperations(services, providers),
      ...deploymentOperations(means),
      ...deploymentRecordOperations(store),
      operationResult(store),
    ],
    works: [deleteGroup(services, providers), deploy(means)],
  };
}

function type(resourceType: string): ResourceTypeInfo {
  return { resourceType, apiVersions: API_VERSIONS, tracked: false };
}
