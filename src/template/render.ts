import type { DistributeTarget, SharedImageTarget } from '../distributors/targets.ts';
import type { Customizer, Validator } from '../steps/registry.ts';
import { inVersion } from './in-version.ts';
import type { ApiVersion, ImageTemplate } from './model.ts';
import { RESOURCE_TYPE } from './resource-in-file.ts';
import { isAtLeast } from './versions.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Rendered {
  /** The resource as JSON: `type`, `apiVersion`, `name`, `location`, `tags`, `identity`, `properties`. */
  readonly resource: Json;
  /** JSON paths, in the newest version's names, of what this version cannot say and the resource therefore lacks. */
  readonly lost: readonly string[];
}

/**
 * Writes a template in the language of one API version. Parsing that gives the same template again, as far as nothing
 * is lost. What has its default is left out.
 */
export function renderTemplate(template: ImageTemplate, version: ApiVersion): Rendered {
  const { identities } = template;
  const newest = given({
    name: template.name,
    location: template.location,
    tags: template.tags,
    identity:
      identities.length > 0
        ? { type: 'UserAssigned', userAssignedIdentities: Object.fromEntries(identities.map(id => [id, {}])) }
        : // Versions without identities mean the same by saying nothing.
          isAtLeast(version, '2019-05-01-preview')
          ? { type: 'None' }
          : undefined,
  });
  const { value, lost } = inVersion(version, { ...newest, properties: properties(template, version) });
  return { resource: { type: RESOURCE_TYPE, apiVersion: version, ...value }, lost };
}

function properties(template: ImageTemplate, version: ApiVersion): Json {
  const { errorHandling, optimize, validate, vmProfile } = template;
  return {
    source: template.source,
    ...given({
      customize: template.customize.map(step),
      validate: given({ ...validate, inVMValidations: validate.inVMValidations.map(step) }),
      vmProfile: given({
        ...vmProfile,
        osDiskSizeGB: vmProfile.osDiskSizeGB === 0 ? undefined : vmProfile.osDiskSizeGB,
        vnetConfig: given({ ...vmProfile.vnetConfig }),
      }),
      buildTimeoutInMinutes: template.buildTimeoutMinutes === 240 ? undefined : template.buildTimeoutMinutes,
      errorHandling: Object.fromEntries(Object.entries(errorHandling).filter(([, onError]) => onError !== 'cleanup')),
      optimize: given({ vmBoot: given({ state: optimize.vmBoot }), workload: given({ ...optimize.workload }) }),
      additionalDataDisks: template.additionalDataDisks,
      autoRun: given({ state: template.autoRun }),
      managedResourceTags: template.managedResourceTags,
      stagingResourceGroup: template.stagingResourceGroup,
    }),
    distribute: template.distribute.map(target => distributor(target, version)),
  };
}

function step(one: Customizer | Validator): Json {
  if (one.type !== 'PowerShell') return given({ ...one });
  const [first, ...more] = one.validExitCodes;
  return given({ ...one, validExitCodes: first === 0 && more.length === 0 ? undefined : one.validExitCodes });
}

function distributor(target: DistributeTarget, version: ApiVersion): Json {
  if (target.type !== 'SharedImage') return given({ ...target });
  const { replicationMode, targetRegions, versioning, ...rest } = target;
  return given({
    ...rest,
    ...(isAtLeast(version, '2022-07-01') ? { targetRegions } : olderRegions(targetRegions)),
    versioning: versioning.scheme === 'Latest' && versioning.major === -1 ? undefined : versioning,
    replicationMode: replicationMode === 'Full' ? undefined : replicationMode,
  });
}

/** The older form has one kind of storage for all regions and one replica in each. Any other needs the newer form. */
function olderRegions(regions: SharedImageTarget['targetRegions']): Json {
  const [first] = regions;
  const same = regions.every(
    ({ replicaCount, storageAccountType }) => replicaCount === 1 && storageAccountType === first?.storageAccountType,
  );
  const storage = same && first?.storageAccountType !== 'Standard_LRS' ? first?.storageAccountType : undefined;
  return {
    replicationRegions: regions.map(({ name }) => name),
    ...given({ storageAccountType: storage, targetRegions: same ? undefined : regions }),
  };
}

/** Without what is absent, empty or off. */
function given(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isNothing(value)));
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === '' || value === false) return true;
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}
