import { parse as parsePath } from 'node:path';
import { targetSchemas } from '../distributors/schemas.ts';
import type { DistributeTarget } from '../distributors/targets.ts';
import { customizerSchemas, validatorSchemas } from '../steps/schemas.ts';
import { IDENTITY_FORM } from './azure-ids.ts';
import type { ImageSource, ImageTemplate } from './model.ts';
import { below, fieldOf, isDefined, isObject, nameIn, type Place, type Reading } from './names.ts';
import { readPart, readVariant, readVariants } from './read.ts';
import { remark } from './remarks.ts';
import { propertiesSchema, resourceSchema } from './resource-schema.ts';
import { serviceCode } from './service-code.ts';
import { DOT_IN_NAMES_SINCE, IDENTITY_REQUIRED_SINCE, LATEST_GALLERY_VERSION_SINCE } from './since.ts';
import { sourceSchemas } from './source-schema.ts';
import { isAtLeast } from './versions.ts';

/** What a template has to say of its identity: nothing (a warning), that it has none, or which it is. */
export type IdentityRule = 'optional' | 'stated' | 'assigned';

/** How an identity is named. */
const ASSIGNED = `The service wants \`"type": "UserAssigned"\` and one id in \`userAssignedIdentities\`, of the form ${IDENTITY_FORM}.`;

const DEFAULT_TIMEOUT_MINUTES = 240;

/** Limits of Kiln: the service has none that it tells of. */
export const MOST_STEPS = 1000;
export const MOST_TARGETS = 100;

/**
 * The model of a resource whose version is known; `undefined` when there is a problem.
 *
 * @param file the file's name, of which a template without a name gets its own
 */
export function readResource(
  reading: Reading,
  resource: unknown,
  identityRule: IdentityRule,
  file: string | undefined,
): ImageTemplate | undefined {
  const top: Place = { path: [], pattern: '' };
  const place = below(top, 'properties');
  const raw = fieldOf(reading, resource, 'properties');
  const envelope = readPart(reading, resourceSchema, resource, top);
  const source = isObject(raw)
    ? readSource(reading, fieldOf(reading, raw, 'source'), below(place, 'source'))
    : undefined;
  const properties = isObject(raw) ? readPart(reading, propertiesSchema, raw, place) : undefined;
  const customize = readVariants(
    reading,
    customizerSchemas,
    listed(reading, raw, below(place, 'customize'), MOST_STEPS),
    below(place, 'customize'),
  );
  // An older version does not define `validate`: it is ignored as a whole.
  const at = below(below(place, 'validate'), 'inVMValidations');
  const validations = isDefined(reading.version, below(place, 'validate'))
    ? listed(reading, fieldOf(reading, raw, 'validate'), at, MOST_STEPS)
    : [];
  const inVMValidations = readVariants(reading, validatorSchemas, validations, at);
  const distribute = below(place, 'distribute');
  const targets = readTargets(reading, listed(reading, raw, distribute, MOST_TARGETS), distribute);
  if (properties?.distribute.length === 0 && !properties.validate.sourceValidationOnly) {
    const message = '`distribute` must name at least one target.';
    reading.problems.error('BadValue', [...place.path, 'distribute'], message, { kind: 'bad', value: [] });
  }
  const stated = requireIdentity(reading, resource, identityRule);
  if (reading.problems.failed || envelope === undefined || properties === undefined || source === undefined) {
    return undefined;
  }
  const { optimize, vmProfile, validate } = properties;
  const template: ImageTemplate = {
    apiVersion: reading.version,
    name: envelope.name ?? nameFromFile(reading.version, file),
    location: envelope.location,
    tags: envelope.tags,
    identities: envelope.identity ?? [],
    source,
    customize,
    validate: { ...validate, inVMValidations },
    distribute: targets.map(target => inRegions(target, envelope.location)),
    vmProfile,
    optimize: { vmBoot: optimize.vmBoot.state, workload: { ...optimize.workload, state: optimize.workload.state } },
    additionalDataDisks: properties.additionalDataDisks,
    autoRun: properties.autoRun.state,
    managedResourceTags: properties.managedResourceTags,
    stagingResourceGroup: properties.stagingResourceGroup,
    buildTimeoutMinutes: properties.buildTimeoutInMinutes || DEFAULT_TIMEOUT_MINUTES,
    errorHandling: properties.errorHandling,
  };
  remark(reading.problems, template, stated);
  return template;
}

/** The elements of an array in `of`; none of one that has too many, which is reported. */
function listed(reading: Reading, of: unknown, place: Place, most: number): readonly unknown[] {
  const name = String(place.path.at(-1));
  const value = fieldOf(reading, of, name);
  if (!Array.isArray(value)) return [];
  if (value.length <= most) return value;
  const message = `\`${name}\` has ${value.length} elements; Kiln takes ${most} at most.`;
  reading.problems.error('BadValue', place.path, message, { kind: 'bad', value: value.length });
  return [];
}

/** Whether the template says something about its identity, or its version is too old to ask for that. */
function requireIdentity(reading: Reading, resource: unknown, rule: IdentityRule): boolean {
  if (!isAtLeast(reading.version, IDENTITY_REQUIRED_SINCE)) return true;
  const type = fieldOf(reading, fieldOf(reading, resource, 'identity'), 'type');
  if (type === undefined && rule !== 'optional') {
    const form = rule === 'assigned' ? ` ${ASSIGNED}` : '';
    const message = `\`identity\` is needed from API version ${IDENTITY_REQUIRED_SINCE} on.${form}`;
    reading.problems.error('MissingField', ['identity'], message, { kind: 'missing' });
  } else if (type === 'None' && rule === 'assigned') {
    const message = `\`identity\` has to name one, not \`None\`. ${ASSIGNED}`;
    reading.problems.error('BadValue', ['identity'], message, { kind: 'identity' });
  }
  return type !== undefined;
}

function readSource(reading: Reading, value: unknown, place: Place): ImageSource | undefined {
  const source = readVariant(reading, sourceSchemas, value, place);
  if (source?.type !== 'SharedImageVersion' || !/\/latest$/i.test(source.imageVersionId)) return source;
  if (isAtLeast(reading.version, LATEST_GALLERY_VERSION_SINCE)) return source;
  const message = `\`latest\` is understood from API version ${LATEST_GALLERY_VERSION_SINCE} on; name a version.`;
  const variant: Place = { path: place.path, pattern: `${place.pattern}[SharedImageVersion]` };
  const code = serviceCode(reading.version, below(variant, 'imageVersionId').pattern, 'BadValue');
  const path = [...place.path, nameIn(reading.version, variant, 'imageVersionId')];
  reading.problems.error(code, path, message, { kind: 'bad', value: source.imageVersionId });
  return undefined;
}

function readTargets(reading: Reading, values: readonly unknown[], place: Place): DistributeTarget[] {
  const seen = new Map<string, number>();
  values.forEach((value, i) => {
    const name = fieldOf(reading, value, 'runOutputName');
    if (typeof name !== 'string') return;
    // Names are compared as Azure compares resource names: without case.
    const first = seen.get(name.toLowerCase());
    if (first === undefined) {
      seen.set(name.toLowerCase(), i);
      return;
    }
    const message = `\`runOutputName\` must be unique: \`distribute[${first}]\` has the same.`;
    const path = [...place.path, i, 'runOutputName'];
    reading.problems.error('BadValue', path, message, { kind: 'bad', value: name });
  });
  return readVariants(reading, targetSchemas, values, place);
}

/** A gallery version goes to the template's region when none is named. */
function inRegions(target: DistributeTarget, location: string): DistributeTarget {
  if (target.type !== 'SharedImage' || target.targetRegions.length > 0) return target;
  return { ...target, targetRegions: [{ name: location, replicaCount: 1, storageAccountType: 'Standard_LRS' }] };
}

function nameFromFile(version: Reading['version'], file: string | undefined): string {
  const stem = parsePath(file ?? '')
    .name.replace(isAtLeast(version, DOT_IN_NAMES_SINCE) ? /[^A-Za-z0-9-_.]/g : /[^A-Za-z0-9-_]/g, '-')
    .slice(0, 64);
  return stem === '' ? 'template' : stem;
}
