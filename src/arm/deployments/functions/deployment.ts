import { ENVIRONMENT } from '../environment.ts';
import type { Functions } from './call.ts';

/** Functions about the deployment: its values, and where it goes. */
export const deploymentFunctions: Functions = {
  parameters: { arity: [1, 1], run: call => call.context.names.parameter(call.text(0)) },
  variables: { arity: [1, 1], run: call => call.context.names.variable(call.text(0)) },
  copyIndex: {
    arity: [0, 2],
    run: call => {
      const { loops, round } = call.context;
      const named = call.has(0) && typeof call.value(0) === 'string';
      if (!named && call.has(1)) throw call.mismatch(0, 'String');
      const index = named ? loops.get(call.text(0).toLowerCase()) : round;
      const offset = named ? 1 : 0;
      if (index === undefined) {
        throw call.invalid(
          named ? `no loop '${call.text(0)}' is around it` : 'it stands in no copy loop that needs no name',
        );
      }
      return index + (call.has(offset) ? call.integer(offset) : 0);
    },
  },
  deployment: {
    arity: [0, 0],
    run: call => {
      const { deploymentName: name, template, templateUri: uri } = call.context.scope;
      const properties = { template, parameters: {}, mode: 'Incremental', provisioningState: 'Accepted' };
      return { name, properties: uri === undefined ? properties : { templateLink: { uri }, ...properties } };
    },
  },
  environment: { arity: [0, 0], run: () => ENVIRONMENT },
  subscription: {
    arity: [0, 0],
    run: call => {
      const { id, tenantId, displayName } = call.context.scope.subscription;
      return { id: `/subscriptions/${id}`, subscriptionId: id, tenantId, displayName };
    },
  },
  tenant: {
    arity: [0, 0],
    run: call => ({ tenantId: call.context.scope.subscription.tenantId }),
  },
  resourceGroup: {
    arity: [0, 0],
    run: call => {
      const { id, name, location, tags } = call.context.scope.resourceGroup;
      const type = 'Microsoft.Resources/resourceGroups';
      return { id, name, type, location, tags, properties: { provisioningState: 'Succeeded' } };
    },
  },
};
