import type { Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { roleAssignmentOperations } from './role-assignments.ts';
import { roleDefinitionOperations } from './role-definitions.ts';
import { NAMESPACE, requireScope, scopeOf } from './scope.ts';

const VERSIONS = ['2022-04-01', '2020-04-01-preview', '2018-07-01', '2018-01-01-preview', '2017-09-01', '2015-07-01'];

/** Whoever has a token may do everything: roles are kept and not asked yet. */
const EVERYTHING = { actions: ['*'], notActions: [], dataActions: ['*'], notDataActions: [] };

/** `Microsoft.Authorization`: roles, and who has them where. */
export function authorizationProvider(services: ProviderServices): Provider {
  return {
    namespace: NAMESPACE,
    types: ['roleAssignments', 'roleDefinitions', 'permissions'].map(resourceType => {
      return { resourceType, apiVersions: VERSIONS, tracked: false };
    }),
    operations: [
      ...roleDefinitionOperations(services),
      ...roleAssignmentOperations(services),
      {
        method: 'GET',
        path: `/{scope}/providers/${NAMESPACE}/permissions`,
        action: `${NAMESPACE}/permissions/read`,
        handle: async request => {
          await requireScope(services, scopeOf(request));
          return { status: 200, body: { value: [EVERYTHING] } };
        },
      },
    ],
  };
}
