import { armError } from '../../errors/arm.ts';
import { throwAll } from '../../errors/attempts.ts';
import { type StoredResource, updateResource } from '../../store/resources.ts';
import type { ApiVersion } from '../../template/model.ts';
import { readDocument } from '../../template/parse.ts';
import { createProblems } from '../../template/problems.ts';
import { renderTemplate } from '../../template/render.ts';
import { isAtLeast, isStrict } from '../../template/versions.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, objectIn, tagsIn } from '../request-body.ts';
import { knownRegions } from '../resources/regions.ts';
import type { ProviderServices } from '../services.ts';
import { checkFeasible } from './feasibility.ts';
import { findIdentities } from './identities.ts';
import { readTemplateBody } from './read-body.ts';
import { internalOf, type StoredTemplate } from './stored-template.ts';
import { lastRun, refuseBusy, requireTemplate, shown, templateId } from './templates.ts';

type Json = Readonly<Record<string, unknown>>;

const ATTEMPTS = 5;

/** What a `PATCH` may change, and since which version. */
const CHANGEABLE: Readonly<Record<string, ApiVersion>> = {
  tags: '2018-02-01-preview',
  identity: '2019-05-01-preview',
  'properties.distribute': '2023-07-01',
  'properties.vmProfile': '2024-02-01',
};

/** `PATCH` of a template: its tags, its identity, where it distributes to, and on what kind of machine it builds. */
export async function patchTemplate(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const version = request.apiVersion as ApiVersion;
  const patch = changesIn(request, version);
  const onlyTags = Object.keys(patch).every(name => name === 'tags');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const before = await requireTemplate(store.db, templateId(request));
    refuseBusy('write', before, await lastRun(store.db, before.resource.key));
    const change = onlyTags ? { tags: tagsIn(patch) } : await changed(services, request, before, patch, version);
    const resource = await store.write(async trx => {
      const template = await requireTemplate(trx, before.resource.key);
      refuseBusy('write', template, await lastRun(trx, template.resource.key));
      // Another change came first: this one is made on top of it.
      if (template.resource.changedAt !== before.resource.changedAt) return undefined;
      return updateResource(trx, template.resource.key, change);
    });
    if (resource !== undefined) return { status: 200, body: await shown(store, resource, request) };
  }
  throw armError('Conflict', {
    message: 'The image template was changed by others at the same time.',
    todo: 'Send the request again.',
  });
}

/** The members of the body that can be changed. What cannot is refused where unknown names are. */
function changesIn(request: ArmRequest, version: ApiVersion): Json {
  const { body } = request;
  if (!isObject(body)) throw armError('InvalidRequestContent', { reason: 'the body is not a JSON object' });
  const given = [
    ...Object.keys(body).filter(name => name !== 'properties'),
    ...Object.keys(objectIn(body, 'properties')).map(name => `properties.${name}`),
  ];
  const isKnown = (name: string) => {
    const since = Object.hasOwn(CHANGEABLE, name) ? CHANGEABLE[name] : undefined;
    return since !== undefined && isAtLeast(version, since);
  };
  const unknown = given.filter(name => !isKnown(name));
  if (unknown.length > 0 && isStrict(version)) {
    const document = readDocument(request.text, { file: 'PATCH' });
    const problems = createProblems(document, []);
    const can = Object.keys(CHANGEABLE).filter(isKnown).join(', ');
    for (const name of unknown) {
      problems.error('UnknownField', name.split('.'), `A PATCH can change ${can}.`, { kind: 'unknown' });
    }
    throw problems.toError(version, 'PATCH');
  }
  // Where unknown names are ignored, a PATCH of nothing that can be changed would look as if it had worked.
  if (unknown.length > 0 && unknown.length === given.length) {
    throw armError('InvalidParameter', {
      name: unknown.join(', '),
      reason: `a PATCH of api-version ${version} can change ${Object.keys(CHANGEABLE).filter(isKnown).join(', ')} only`,
    });
  }
  const properties = Object.fromEntries(
    Object.entries(objectIn(body, 'properties')).filter(([name]) => isKnown(`properties.${name}`)),
  );
  return {
    ...Object.fromEntries(Object.entries(body).filter(([name]) => isKnown(name))),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}

/** The template as it is with the changes, read and checked as a new one is. */
async function changed(
  services: ProviderServices,
  request: ArmRequest,
  before: StoredTemplate,
  patch: Json,
  version: ApiVersion,
): Promise<Partial<StoredResource>> {
  const { resource, state } = before;
  const { subscriptionId: subscription = '', resourceGroupName: resourceGroup = '' } = request.params;
  const written =
    state.apiVersion === version
      ? before.properties
      : (renderTemplate(state.template, version).resource['properties'] as Json);
  const more = objectIn(patch, 'properties');
  if (more['distribute'] !== undefined) checkTargets(written, more['distribute']);
  const properties = {
    ...written,
    ...more,
    ...(isObject(more['vmProfile']) ? { vmProfile: { ...objectIn(written, 'vmProfile'), ...more['vmProfile'] } } : {}),
  };
  const identity = patch['identity'] === undefined ? before.identity : identityOf(before.identity, patch['identity']);
  const body = {
    location: resource.location,
    tags: patch['tags'] === undefined ? resource.tags : tagsIn(patch),
    ...(identity === undefined ? {} : { identity }),
    properties,
  };
  const options = {
    name: resource.name,
    apiVersion: version,
    regions: await knownRegions(services),
  };
  const read = readTemplateBody(JSON.stringify(body, null, 2), body, options);
  const identities = await findIdentities(services.store.db, read.template, services.tenantId);
  await checkFeasible(read.template, { subscription, resourceGroup, own: true }, services);
  return {
    tags: read.template.tags,
    body: { properties: read.properties, ...(read.identity === undefined ? {} : { identity: read.identity }) },
    internal: internalOf({ ...state, apiVersion: version, template: read.template, identities }),
  };
}

/** @throws KilnError `TargetMissing`, in the service's sentence, when a target that the template has is missing */
function checkTargets(written: Json, distribute: unknown): void {
  const namesIn = (targets: unknown) =>
    Array.isArray(targets) ? targets.map(target => String(isObject(target) ? target['runOutputName'] : '')) : [];
  const given = new Set(namesIn(distribute).map(name => name.toLowerCase()));
  throwAll(
    namesIn(written['distribute'])
      .filter(name => !given.has(name.toLowerCase()))
      .map(name => armError('TargetMissing', { name }, { target: 'properties.distribute' })),
  );
}

/** A `null` takes an identity away; `None` all of them; what is not mentioned stays. */
function identityOf(before: Json | undefined, patch: unknown): Json {
  if (!isObject(patch)) throw armError('InvalidRequestContent', { reason: '`identity` is not an object' });
  if (String(patch['type']).toLowerCase() === 'none') return { type: 'None' };
  const assigned = new Map(
    Object.entries(objectIn(before, 'userAssignedIdentities')).map(([id, value]) => [
      id.toLowerCase(),
      [id, value] as const,
    ]),
  );
  for (const [id, value] of Object.entries(objectIn(patch, 'userAssignedIdentities'))) {
    if (value === null) assigned.delete(id.toLowerCase());
    else assigned.set(id.toLowerCase(), [id, {}]);
  }
  if (assigned.size === 0) return { type: 'None' };
  return { type: 'UserAssigned', userAssignedIdentities: Object.fromEntries(assigned.values()) };
}
