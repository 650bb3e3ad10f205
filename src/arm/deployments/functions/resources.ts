import { below, groupId, resourcePath } from '../resource-id.ts';
import type { Call, Functions } from './call.ts';

/** Functions that make resource ids, and the one that reads a resource's state. */
export const resourceFunctions: Functions = {
  resourceId: {
    arity: [2, Infinity],
    run: call => {
      const at = typeAt(call, 2);
      const given = Array.from({ length: at }, (_, i) => call.text(i));
      const { subscription, resourceGroup } = call.context.scope;
      // One text before the type is a subscription when it looks like one.
      const alone = given.length === 1 && GUID.test(given[0] ?? '');
      const ownSubscription = given.length === 2 || alone ? given[0] : undefined;
      const ownGroup = alone ? undefined : given.at(-1);
      const scope = groupId(ownSubscription ?? subscription.id, ownGroup ?? resourceGroup.name);
      return below(scope, path(call, at));
    },
  },
  subscriptionResourceId: {
    arity: [2, Infinity],
    run: call => {
      const at = typeAt(call, 1);
      return below(`/subscriptions/${at === 0 ? call.context.scope.subscription.id : call.text(0)}`, path(call, at));
    },
  },
  tenantResourceId: { arity: [2, Infinity], run: call => below('', path(call, typeAt(call, 0))) },
  extensionResourceId: { arity: [3, Infinity], run: call => below(call.text(0), path(call, 1)) },
  reference: {
    arity: [1, 3],
    run: call => {
      const { reference } = call.context;
      if (reference === undefined) {
        throw call.invalid('it is expected in the properties of a resource and in outputs only');
      }
      if (call.has(2) && call.text(2).toLowerCase() !== 'full') throw call.invalid("argument 3 can only be 'Full'");
      return reference(call.text(0), call.has(1) ? call.text(1) : undefined, call.has(2));
    },
  },
};

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Which argument is the type: the first with a slash, behind at most so many others. */
function typeAt(call: Call, most: number): number {
  for (let i = 0; i <= most && call.has(i); i++) if (call.text(i).includes('/')) return i;
  throw call.invalid("a resource type of the form 'Microsoft.Provider/type' is missing");
}

function path(call: Call, at: number): string {
  const type = call.text(at);
  const names = call.texts(at + 1);
  const wanted = type.split('/').length - 1;
  if (names.length !== wanted || names.some(name => name === '' || name.includes('/'))) {
    throw call.invalid(
      `the type '${type}' requires ${wanted} resource name argument(s), each one segment of the name; there are ${names.length}`,
    );
  }
  return resourcePath({ type, name: names.join('/') });
}
