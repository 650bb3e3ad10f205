import type { Store } from '../../store/store.ts';
import { operationStatus } from '../operation-status.ts';
import type { ArmOperation } from '../provider.ts';
import { NAMESPACE } from './places.ts';

/** What the provider lets people do, as it lists it itself. */
const OPERATIONS: readonly (readonly [name: string, resource: string, operation: string])[] = [
  ['register/action', 'Virtual Machine Images', 'Register the subscription'],
  ['unregister/action', 'Virtual Machine Images', 'Unregister the subscription'],
  ['imageTemplates/read', 'Image templates', 'Get or list image templates'],
  ['imageTemplates/write', 'Image templates', 'Create or update an image template'],
  ['imageTemplates/delete', 'Image templates', 'Delete an image template'],
  ['imageTemplates/run/action', 'Image templates', 'Run an image template'],
  ['imageTemplates/runOutputs/read', 'Run outputs', 'Get or list what a run published'],
  ['operations/read', 'Operations', 'List the operations of the provider'],
  ['locations/operations/read', 'Operations', 'Get the status of an operation'],
  ['imageTemplates/cancel/action', 'Image templates', 'Cancel the run of an image template'],
  ['imageTemplates/triggers/write', 'Triggers', 'Create or update a trigger'],
  ['imageTemplates/triggers/read', 'Triggers', 'Get or list triggers'],
  ['imageTemplates/triggers/delete', 'Triggers', 'Delete a trigger'],
];

/** The provider's list of operations, and the status of those that go on. */
export function metaOperations(store: Store): readonly ArmOperation[] {
  return [
    {
      method: 'GET',
      path: `/providers/${NAMESPACE}/operations`,
      action: `${NAMESPACE}/operations/read`,
      handle: async () => ({
        status: 200,
        body: {
          value: OPERATIONS.map(([name, resource, operation]) => ({
            name: `${NAMESPACE}/${name}`,
            isDataAction: false,
            display: { provider: NAMESPACE, resource, operation, description: operation },
          })),
        },
      }),
    },
    operationStatus(store, NAMESPACE),
  ];
}
