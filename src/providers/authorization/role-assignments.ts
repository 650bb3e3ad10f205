import { z } from 'zod';
import { type Condition, parseFilter } from '../../arm/filter.ts';
import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { identityError } from '../../errors/identity.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { principalByObjectId } from '../../identity/principals.ts';
import {
  findResource,
  insertResource,
  listResources,
  removeResource,
  type StoredResource,
} from '../../store/resources.ts';
import { checkedBody } from '../checked-body.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import { findRole } from './role-definitions.ts';
import { ASSIGNMENT_TYPE, DEFINITION_TYPE, GUID, idAt, isWithin, requireScope, scopeKey, scopeOf } from './scope.ts';

const ASSIGNMENTS = `/{scope}/providers/${ASSIGNMENT_TYPE}`;
const ASSIGNMENT = `${ASSIGNMENTS}/{roleAssignmentName}`;

const guid = z.string().regex(GUID, 'it is not a GUID');
const assignment = z.object({
  roleDefinitionId: z.string().regex(/(^|\/roleDefinitions\/)[0-9a-f-]{36}$/i, 'it is not the id of a role definition'),
  principalId: guid,
  principalType: z.enum(['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device']).nullish(),
  description: z.string().max(1024).nullish(),
  condition: z.null({ error: 'there are no conditions here' }).optional(),
});

/** Who has which role where. Assignments are kept; nothing asks them yet. */
export function roleAssignmentOperations(services: ProviderServices): readonly ArmOperation[] {
  const read = `${ASSIGNMENT_TYPE}/read`;
  return [
    { method: 'GET', path: ASSIGNMENTS, action: read, handle: request => listAssignments(services, request) },
    { method: 'GET', path: ASSIGNMENT, action: read, handle: request => getAssignment(services, request) },
    {
      method: 'PUT',
      path: ASSIGNMENT,
      action: `${ASSIGNMENT_TYPE}/write`,
      handle: request => putAssignment(services, request),
    },
    {
      method: 'DELETE',
      path: ASSIGNMENT,
      action: `${ASSIGNMENT_TYPE}/delete`,
      handle: request => deleteAssignment(services, request),
    },
  ];
}

/** Those at the scope, above it, and, unless `atScope()` is asked for, below it. */
async function listAssignments(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const filter = request.url.searchParams.get('$filter');
  const conditions = parseFilter(filter);
  for (const { property, operator } of conditions) {
    if (operator === 'eq' && ['atscope', 'assignedto', 'principalid'].includes(property)) continue;
    const reason = 'assignments are found by `atScope()`, `assignedTo()` and `principalId eq`';
    throw armError('InvalidFilterInQueryString', { filter: filter ?? '', reason });
  }
  const page = pageOf(request.url.searchParams);
  const scope = scopeOf(request);
  await requireScope(services, scope);
  const all = await listResources(services.store.db, { type: ASSIGNMENT_TYPE });
  const found = all
    .filter(({ key }) => page.after === undefined || key > page.after)
    .filter(one => isWanted(one, scopeKey(scope), conditions));
  return { status: 200, body: pageBody(found, page, request.url, shown, ({ key }) => key) };
}

function isWanted({ parentKey = '/', body }: StoredResource, scope: string, conditions: readonly Condition[]): boolean {
  const above = isWithin(scope, parentKey);
  const below = isWithin(parentKey, scope);
  if (!above && (conditions.some(({ property }) => property === 'atscope') || !below)) return false;
  const { principalId } = objectIn(body, 'properties');
  return conditions.every(({ property, value }) => {
    return property === 'atscope' || String(principalId).toLowerCase() === value.toLowerCase();
  });
}

async function getAssignment({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const found = await findResource(store.db, assignmentId(request));
  if (found === undefined) throw notFound(request.id);
  return { status: 200, body: shown(found) };
}

async function putAssignment(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const name = request.params['roleAssignmentName'] ?? '';
  if (!GUID.test(name)) throw armError('InvalidResourceName', { name, type: ASSIGNMENT_TYPE, rule: 'it is a GUID' });
  const scope = scopeOf(request);
  await requireScope(services, scope);
  const wanted = checkedBody(assignment, objectIn(request.body, 'properties'), ['properties']);
  const role = wanted.roleDefinitionId.slice(-36).toLowerCase();
  const principalId = wanted.principalId.toLowerCase();
  if ((await findRole(store.db, role)) === undefined)
    throw resourceTypeError('RoleDefinitionDoesNotExist', { id: role });
  const principalType = wanted.principalType ?? (await typeOf(services, principalId));
  return store.write(async trx => {
    const id = assignmentId(request);
    const found = await findResource(trx, id);
    if (found !== undefined) {
      if (!isOf(found, role, principalId)) throw resourceTypeError('RoleAssignmentUpdateNotPermitted', {});
      return { status: 200, body: shown(found) };
    }
    const all = await listResources(trx, { type: ASSIGNMENT_TYPE, parentKey: scopeKey(scope) });
    const twin = all.find(one => isOf(one, role, principalId));
    if (twin !== undefined) throw resourceTypeError('RoleAssignmentExists', { existing: twin.name });
    const [subscription = '/'] = /^\/subscriptions\/[^/]+/i.exec(scope) ?? [];
    const properties = {
      roleDefinitionId: idAt(subscription, DEFINITION_TYPE, role),
      ...{ principalId, principalType, scope, condition: null, conditionVersion: null },
      description: wanted.description ?? null,
    };
    const resource = await insertResource(trx, {
      ...{ id, type: ASSIGNMENT_TYPE, parentKey: scopeKey(scope), location: undefined, tags: undefined },
      ...{ body: { properties }, internal: { role }, provisioningState: 'Succeeded' },
      createdBy: request.caller.objectId,
    });
    return { status: 201, body: shown(resource) };
  });
}

function deleteAssignment({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  return store.write(async trx => {
    const found = await findResource(trx, assignmentId(request));
    if (found === undefined) return { status: 204 };
    await removeResource(trx, found.key);
    return { status: 200, body: shown(found) };
  });
}

/** @throws KilnError `PrincipalNotFound`: who names no type means a principal that there is. */
async function typeOf({ store }: ProviderServices, principalId: string): Promise<string> {
  const principal = await principalByObjectId(store, principalId);
  if (principal === undefined) throw identityError('PrincipalNotFound', { principal: principalId });
  return principal.kind === 'User' ? 'User' : 'ServicePrincipal';
}

function isOf({ internal, body }: StoredResource, role: string, principalId: string): boolean {
  return internal['role'] === role && objectIn(body, 'properties')['principalId'] === principalId;
}

function assignmentId(request: ArmRequest): string {
  return idAt(scopeOf(request), ASSIGNMENT_TYPE, request.params['roleAssignmentName'] ?? '');
}

function shown({ id, name, type, body, createdAt, changedAt, createdBy }: StoredResource): object {
  const properties = {
    ...objectIn(body, 'properties'),
    ...{ createdOn: createdAt, updatedOn: changedAt, createdBy: createdBy ?? null, updatedBy: createdBy ?? null },
  };
  return { id, name, type, properties };
}
