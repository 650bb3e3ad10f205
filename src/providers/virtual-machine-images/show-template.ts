import type { StoredResource } from '../../store/resources.ts';
import type { RunRecord } from '../../store/runs.ts';
import { inVersion } from '../../template/in-version.ts';
import type { ApiVersion } from '../../template/model.ts';
import { renderTemplate } from '../../template/render.ts';
import { isAtLeast } from '../../template/versions.ts';
import { isObject } from '../request-body.ts';
import { lastRunStatus } from './run-status.ts';
import { type StoredTemplate, storedTemplate, type TemplateState } from './stored-template.ts';

type Json = Readonly<Record<string, unknown>>;

/** A template as a client of one API version sees it, in the order of the service's own answers. */
export function showTemplate(
  resource: StoredResource,
  run: RunRecord | undefined,
  version: ApiVersion,
  baseUrl: string,
): Json {
  const stored = storedTemplate(resource);
  const { state } = stored;
  const written =
    state.apiVersion === version
      ? stored.properties
      : (renderTemplate(state.template, version).resource['properties'] as Json);
  const logs = `${baseUrl}/blobs/${state.storageAccount}/packerlogs/${run?.id ?? ''}/customization.log`;
  return {
    properties: {
      ...withDefaults(written, state, version),
      provisioningState: resource.provisioningState,
      ...(state.provisioningError === undefined ? {} : { provisioningError: errorIn(state, version) }),
      ...(run === undefined ? {} : { lastRunStatus: statusIn(lastRunStatus(run, logs), version) }),
    },
    ...(isAtLeast(version, '2019-05-01-preview') ? { identity: identityOf(stored) } : {}),
    tags: resource.tags ?? {},
    location: resource.location,
    id: resource.id,
    name: resource.name,
    type: resource.type,
  };
}

/** What the service adds to what a client wrote. What the version does not define is left out. */
function withDefaults(written: Json, state: TemplateState, version: ApiVersion): Json {
  const { vmProfile, source, distribute } = written;
  const newest = {
    buildTimeoutInMinutes: 0,
    stagingResourceGroup: '',
    exactStagingResourceGroup: state.stagingGroup,
  };
  return {
    ...(inVersion(version, { properties: newest }).value['properties'] as Json),
    ...(isAtLeast(version, '2022-02-14') ? { exactStagingResourceGroup: state.stagingGroup } : {}),
    ...written,
    ...(isObject(vmProfile)
      ? {
          vmProfile: {
            ...(isAtLeast(version, '2020-02-14') ? { vmSize: '', osDiskSizeGB: 0 } : { vmSize: '' }),
            ...vmProfile,
          },
        }
      : {}),
    ...(isObject(source) ? { source: { ...source, ...exactVersion(source, state, version) } } : {}),
    ...(Array.isArray(distribute) ? { distribute: distribute.map(target => targetOf(target, version)) } : {}),
    ...checksummed(written, state, version),
  };
}

function exactVersion(source: Json, state: TemplateState, version: ApiVersion): Json {
  const since = { PlatformImage: '2021-10-01', SharedImageVersion: '2022-07-01' } as const;
  const type = String(source['type']);
  if (type !== 'PlatformImage' && type !== 'SharedImageVersion') return {};
  if (!isAtLeast(version, since[type])) return {};
  // Until the source was found, the service says what was asked for.
  return {
    exactVersion: state.exactVersion === '' ? (source['version'] ?? source['imageVersionId']) : state.exactVersion,
  };
}

function targetOf(target: unknown, version: ApiVersion): unknown {
  if (!isObject(target)) return target;
  const shared = String(target['type']).toLowerCase() === 'sharedimage';
  return {
    artifactTags: {},
    ...(shared && isAtLeast(version, '2020-02-14') ? { excludeFromLatest: false } : {}),
    ...(shared && isAtLeast(version, '2022-07-01') ? { versioning: null } : {}),
    ...target,
  };
}

/** The steps with the checksums of what was fetched for them when the template was made. */
function checksummed(written: Json, state: TemplateState, version: ApiVersion): Json {
  if (!isAtLeast(version, '2019-05-01-preview') || state.artifacts.length === 0) return {};
  const byUri = new Map(state.artifacts.map(({ uri, sha256 }) => [uri, sha256]));
  const step = (one: unknown): unknown => {
    if (!isObject(one)) return one;
    const sha256 = byUri.get(String(one['scriptUri'] ?? one['sourceUri'] ?? ''));
    return sha256 === undefined ? one : { ...one, sha256Checksum: sha256 };
  };
  const { customize, validate, optimize } = written;
  return {
    ...(Array.isArray(customize) ? { customize: customize.map(step) } : {}),
    ...(isObject(validate) && Array.isArray(validate['inVMValidations'])
      ? { validate: { ...validate, inVMValidations: validate['inVMValidations'].map(step) } }
      : {}),
    ...(isObject(optimize) && isObject(optimize['workload'])
      ? { optimize: { ...optimize, workload: step(optimize['workload']) } }
      : {}),
  };
}

function identityOf({ identity, state }: StoredTemplate): Json {
  if (identity === undefined) return { type: 'None' };
  const assigned = identity['userAssignedIdentities'];
  if (!isObject(assigned)) return identity;
  return {
    ...identity,
    userAssignedIdentities: Object.fromEntries(
      Object.keys(assigned).map(id => [id, state.identities[id.toLowerCase()] ?? {}]),
    ),
  };
}

/** Codes that a version does not have are `Other` in it. */
function errorIn(state: TemplateState, version: ApiVersion): Json {
  const { provisioningErrorCode: code, message } = state.provisioningError ?? {
    provisioningErrorCode: '',
    message: '',
  };
  const late = ['BadValidatorType', 'UnsupportedValidatorType', 'NoValidatorScript', 'BadStagingResourceGroup'];
  const known = isAtLeast(version, '2022-02-14') || !late.includes(code);
  return { provisioningErrorCode: known ? code : 'Other', message };
}

/** The first version wrote states with a small letter, and knew no cancellation; the sub-states came later too. */
function statusIn(status: Json, version: ApiVersion): Json {
  const { runState, runSubState, ...rest } = status;
  const late =
    runSubState === 'Optimizing' ? '2022-07-01' : runSubState === 'Validating' ? '2022-02-14' : '2018-02-01-preview';
  const sub = isAtLeast(version, late as ApiVersion) ? runSubState : 'Customizing';
  const spell = (text: unknown) =>
    version === '2018-02-01-preview' ? `${String(text)[0]?.toLowerCase()}${String(text).slice(1)}` : text;
  return {
    ...rest,
    runState: spell(runState),
    ...(runSubState === undefined ? {} : { runSubState: spell(sub) }),
  };
}
