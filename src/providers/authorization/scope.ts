import { armError } from '../../errors/arm.ts';
import { findArmResource } from '../../galleries/find-resource.ts';
import { findResource } from '../../store/resources.ts';
import type { ArmRequest } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';

export const NAMESPACE = 'Microsoft.Authorization';
export const ASSIGNMENT_TYPE = `${NAMESPACE}/roleAssignments`;
export const DEFINITION_TYPE = `${NAMESPACE}/roleDefinitions`;
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a request is about something at: `/` for the tenant, else an id. */
export function scopeOf({ params }: Pick<ArmRequest, 'params'>): string {
  return `/${params['scope'] ?? ''}`;
}

/** An id below a scope. */
export function idAt(scope: string, type: string, name: string): string {
  return `${scope === '/' ? '' : scope}/providers/${type}/${name}`;
}

/** How scopes are compared. */
export function scopeKey(scope: string): string {
  let end = scope.length;
  while (scope[end - 1] === '/') end -= 1;
  return end === 0 ? '/' : scope.slice(0, end).toLowerCase();
}

/** Whether one scope is another, or within it. Both as `scopeKey` has them. */
export function isWithin(scope: string, outer: string): boolean {
  return outer === '/' || scope === outer || scope.startsWith(`${outer}/`);
}

/**
 * Makes sure that there is what a scope names.
 *
 * @throws KilnError `SubscriptionNotFound`, `ResourceGroupNotFound`, `ResourceNotFound`, `InvalidParameter`.
 */
export async function requireScope(
  { store, subscriptions }: Pick<ProviderServices, 'store' | 'subscriptions'>,
  scope: string,
): Promise<void> {
  const key = scopeKey(scope);
  if (key === '/') return;
  const [, subscription, rest = ''] = /^\/subscriptions\/([^/]+)(\/.*)?$/.exec(key) ?? [];
  if (subscription === undefined) {
    throw armError('InvalidParameter', { name: 'scope', reason: `\`${scope}\` is neither a subscription nor in one` });
  }
  if (!subscriptions.some(({ id }) => id.toLowerCase() === subscription)) {
    throw armError('SubscriptionNotFound', { subscription });
  }
  const [group, resourceGroup] = /^\/resourcegroups\/([^/]+)/.exec(rest) ?? [];
  if (group === undefined) return;
  if ((await findArmResource(store.db, `/subscriptions/${subscription}${group}`)) === undefined) {
    throw armError('ResourceGroupNotFound', { resourceGroup: resourceGroup ?? '' });
  }
  if (rest === group) return;
  // Containers are known to their account's directory only.
  const resource = key.replace(/\/blobservices\/.*$/, '');
  const found = (await findResource(store.db, resource)) ?? (await findArmResource(store.db, resource));
  if (found === undefined) throw notFound(scope);
}
