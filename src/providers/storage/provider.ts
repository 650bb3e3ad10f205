import type { Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { storedType } from '../stored-type.ts';
import { accountActions } from './account-actions.ts';
import { accountType } from './account-type.ts';
import { containerOperations } from './containers.ts';
import { NAMESPACE } from './places.ts';

const VERSIONS = [
  ...['2024-01-01', '2023-05-01', '2023-04-01', '2023-01-01', '2022-09-01', '2022-05-01', '2021-09-01', '2021-08-01'],
  ...['2021-06-01', '2021-04-01', '2021-02-01', '2021-01-01', '2020-08-01-preview', '2019-06-01', '2019-04-01'],
  ...['2018-11-01', '2018-07-01', '2018-02-01', '2017-10-01', '2017-06-01', '2016-12-01', '2016-01-01'],
];

/** `Microsoft.Storage`: accounts and containers, in which VHDs, logs and the scripts of templates are. */
export function storageProvider(services: ProviderServices): Provider {
  const types = ['storageAccounts', 'storageAccounts/blobServices', 'storageAccounts/blobServices/containers'];
  return {
    namespace: NAMESPACE,
    types: types.map(resourceType => ({ resourceType, apiVersions: VERSIONS, tracked: resourceType === types[0] })),
    operations: [
      ...storedType(services.store, accountType(services)),
      ...accountActions(services),
      ...containerOperations(services),
    ],
  };
}
