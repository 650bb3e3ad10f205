import { z } from 'zod';
import { meets, parseFilter } from '../../arm/filter.ts';
import { armError } from '../../errors/arm.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import {
  insertResource,
  listResources,
  removeResource,
  type StoredResource,
  updateResource,
} from '../../store/resources.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { checkedBody } from '../checked-body.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import { BUILT_IN_ROLES, type Permission } from './built-in-roles.ts';
import { ASSIGNMENT_TYPE, DEFINITION_TYPE, GUID, idAt, isWithin, requireScope, scopeKey, scopeOf } from './scope.ts';

const DEFINITIONS = `/{scope}/providers/${DEFINITION_TYPE}`;
const DEFINITION = `${DEFINITIONS}/{roleDefinitionId}`;

/** A role, built-in or of the site. */
export interface Role {
  readonly guid: string;
  readonly name: string;
  readonly description: string;
  readonly kind: 'BuiltInRole' | 'CustomRole';
  readonly permissions: readonly Permission[];
  readonly assignableScopes: readonly string[];
  /** Of the site's own. */
  readonly stored?: StoredResource;
}

const names = z.array(z.string().min(1)).default([]);
const definition = z.object({
  roleName: z.string().min(1).max(512),
  description: z.string().max(1024).nullish(),
  permissions: z
    .array(z.object({ actions: names, notActions: names, dataActions: names, notDataActions: names }))
    .min(1, 'it has to be one permission')
    .max(1, 'it has to be one permission'),
  assignableScopes: z
    .array(z.string().startsWith('/', 'it is no scope').max(2048, 'it is longer than 2048 characters'))
    .min(1, 'a role needs a scope')
    .max(100, 'a role has up to 100 scopes'),
});
/** Every request about a role or an assignment reads all roles. */
const LARGEST_ROLE = 64 * 1024;

export function roleDefinitionOperations(services: ProviderServices): readonly ArmOperation[] {
  const read = `${DEFINITION_TYPE}/read`;
  return [
    { method: 'GET', path: DEFINITIONS, action: read, handle: request => listDefinitions(services, request) },
    { method: 'GET', path: DEFINITION, action: read, handle: request => getDefinition(services, request) },
    {
      method: 'PUT',
      path: DEFINITION,
      action: `${DEFINITION_TYPE}/write`,
      largestBody: LARGEST_ROLE,
      handle: request => putDefinition(services, request),
    },
    {
      method: 'DELETE',
      path: DEFINITION,
      action: `${DEFINITION_TYPE}/delete`,
      handle: request => deleteDefinition(services, request),
    },
  ];
}

async function listDefinitions(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const scope = scopeOf(request);
  await requireScope(services, scope);
  const conditions = parseFilter(request.url.searchParams.get('$filter'));
  for (const { property } of conditions) {
    if (['rolename', 'type', 'atscope', 'atscopeandbelow'].includes(property)) continue;
    const filter = request.url.searchParams.get('$filter') ?? '';
    const reason = 'roles are found by `roleName`, `type`, `atScope()` and `atScopeAndBelow()`';
    throw armError('InvalidFilterInQueryString', { filter, reason });
  }
  const wanted = conditions.filter(({ property }) => !property.startsWith('atscope'));
  const roles = (await rolesAt(services.store.db, scope)).filter(role =>
    meets(wanted, property => (property === 'rolename' ? role.name : role.kind)),
  );
  return { status: 200, body: { value: roles.map(role => shown(role, scope)) } };
}

async function getDefinition(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const role = await findRole(services.store.db, request.params['roleDefinitionId'] ?? '');
  if (role === undefined) throw notFound(request.id);
  return { status: 200, body: shown(role, scopeOf(request)) };
}

async function putDefinition(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { params, body, caller } = request;
  const scope = scopeOf(request);
  const guid = (params['roleDefinitionId'] ?? '').toLowerCase();
  if (!GUID.test(guid))
    throw armError('InvalidResourceName', { name: guid, type: DEFINITION_TYPE, rule: 'it is a GUID' });
  const wanted = checkedBody(definition, objectIn(body, 'properties'), ['properties']);
  for (const one of wanted.assignableScopes) await requireScope(services, one);
  const role = await services.store.write(async trx => {
    const all = await allRoles(trx);
    const found = all.find(one => one.guid === guid);
    if (found?.kind === 'BuiltInRole') {
      throw armError('InvalidParameter', { name: 'roleDefinitionId', reason: `${found.name} is a built-in role` });
    }
    const twin = all.find(one => one.guid !== guid && one.name.toLowerCase() === wanted.roleName.toLowerCase());
    if (twin !== undefined) throw resourceTypeError('RoleDefinitionWithSameNameExists', { name: wanted.roleName });
    const stored = { body: { properties: { ...wanted, description: wanted.description ?? '' } }, internal: {} };
    const resource =
      found?.stored === undefined
        ? await insertResource(trx, {
            ...stored,
            ...{ id: idAt(scope, DEFINITION_TYPE, guid), type: DEFINITION_TYPE, parentKey: undefined },
            ...{ location: undefined, tags: undefined, provisioningState: 'Succeeded', createdBy: caller.objectId },
          })
        : await updateResource(trx, found.stored.key, stored);
    if (resource === undefined) throw notFound(request.id);
    return roleOf(resource);
  });
  return { status: 201, body: shown(role, scope) };
}

async function deleteDefinition({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  return store.write(async trx => {
    const role = await findRole(trx, request.params['roleDefinitionId'] ?? '');
    if (role === undefined) return { status: 204 };
    if (role.stored === undefined) {
      throw armError('InvalidParameter', { name: 'roleDefinitionId', reason: `${role.name} is a built-in role` });
    }
    const assignments = await listResources(trx, { type: ASSIGNMENT_TYPE });
    const used = assignments.some(({ internal }) => internal['role'] === role.guid);
    if (used) throw resourceTypeError('RoleDefinitionHasAssignments', { name: role.name });
    await removeResource(trx, role.stored.key);
    return { status: 200, body: shown(role, scopeOf(request)) };
  });
}

/** A role by its GUID, which is unique in the tenant. */
export async function findRole(db: Pick<StoreTransaction, 'selectFrom'>, guid: string): Promise<Role | undefined> {
  return (await allRoles(db)).find(role => role.guid === guid.toLowerCase());
}

/** The roles that can be assigned at a scope. */
async function rolesAt(db: Pick<StoreTransaction, 'selectFrom'>, scope: string): Promise<readonly Role[]> {
  return (await allRoles(db)).filter(({ assignableScopes }) =>
    assignableScopes.some(outer => isWithin(scopeKey(scope), scopeKey(outer))),
  );
}

async function allRoles(db: Pick<StoreTransaction, 'selectFrom'>): Promise<readonly Role[]> {
  const own = await listResources(db, { type: DEFINITION_TYPE });
  return [...BUILT_IN, ...own.map(roleOf)];
}

const BUILT_IN = BUILT_IN_ROLES.map(({ guid, name, description, permission }): Role => {
  return { guid, name, description, kind: 'BuiltInRole', permissions: [permission], assignableScopes: ['/'] };
});

function roleOf(stored: StoredResource): Role {
  const { roleName, description, permissions, assignableScopes } = checkedBody(
    definition,
    objectIn(stored.body, 'properties'),
  );
  const guid = stored.name.toLowerCase();
  return {
    guid,
    name: roleName,
    description: description ?? '',
    kind: 'CustomRole',
    permissions,
    assignableScopes,
    stored,
  };
}

/** Azure shows a role at the subscription of the scope, or at the tenant. */
function shown(role: Role, scope: string): object {
  const [subscription = '/'] = /^\/subscriptions\/[^/]+/i.exec(scope) ?? [];
  const { guid, name, description, kind, permissions, assignableScopes, stored } = role;
  return {
    id: idAt(subscription, DEFINITION_TYPE, guid),
    name: guid,
    type: DEFINITION_TYPE,
    properties: {
      ...{ roleName: name, description, type: kind, permissions, assignableScopes },
      ...(stored === undefined
        ? {}
        : { createdOn: stored.createdAt, updatedOn: stored.changedAt, createdBy: stored.createdBy ?? null }),
    },
  };
}
