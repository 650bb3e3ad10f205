import { IMAGE_REGIONS, SERVICE_REGIONS } from '../distributors/service-regions.ts';
import { DURATION } from '../steps/windows-restart/schema.ts';
import { IDENTITY, IDENTITY_FORM, RESOURCE_GROUP, SUBNET } from './azure-ids.ts';
import { has, type JsonSchema, property, when } from './json-schema-definitions.ts';
import { editorPattern } from './json-schema-descriptions.ts';
import { patternOf, patternOrEmpty } from './json-schema-pattern.ts';
import { API_VERSIONS } from './model.ts';
import { RESOURCE_TYPE } from './resource-in-file.ts';

// What the checks say in functions, in the words of a JSON Schema as far as it has any. Patterns as in `since.ts`.
// A test holds these against the checks: nothing may be refused here that a template may say.

/** No white space around, no control characters. */
const URI = '^(?!\\s)[^\\x00-\\x1f\\x7f]*(?<!\\s)$';
const REGION = '^ *[A-Za-z0-9](?: *[A-Za-z0-9_-]){0,63} *$';
const BLOB_URI = /^https:\/\/[a-z0-9]{3,24}\.blob\.[a-z0-9.-]+\/[^/?#]+\/[^?#]*[^/?#]$/i;
const ABSOLUTE_FILE = '^(?:/|[A-Za-z]:[\\\\/])(?:[^\\x00-\\x1f\\x7f]*[^\\\\/\\x00-\\x1f\\x7f])?(?<![\\\\/])$';

const serviceRegion = { pattern: REGION, examples: SERVICE_REGIONS };
const imageRegion = { pattern: REGION, examples: IMAGE_REGIONS };

const VALUES: Readonly<Record<string, JsonSchema>> = {
  type: {
    default: RESOURCE_TYPE,
    // Samples have the provider's name alone, and a command that states the type besides.
    pattern: patternOf(/^Microsoft\.VirtualMachineImages(?:\/imageTemplates)?$/i),
    patternErrorMessage: `\`type\` must be \`${RESOURCE_TYPE}\`.`,
  },
  apiVersion: { enum: [...API_VERSIONS].reverse() },
  location: serviceRegion,
  dependsOn: { doNotSuggest: true },
  comments: { doNotSuggest: true },
  metadata: { doNotSuggest: true },
  'identity.userAssignedIdentities': {
    maxProperties: 1,
    propertyNames: {
      pattern: patternOf(IDENTITY),
      patternErrorMessage: `An identity has an id of the form ${IDENTITY_FORM}.`,
    },
    additionalProperties: { type: 'object' },
  },
  'properties.source[ISO].sourceUri': { pattern: URI, minLength: 1 },
  'properties.customize[Shell].scriptUri': { pattern: URI },
  'properties.customize[PowerShell].scriptUri': { pattern: URI },
  'properties.customize[File].sourceUri': { pattern: URI, minLength: 1 },
  'properties.customize[File].destination': { pattern: ABSOLUTE_FILE },
  'properties.customize[WindowsRestart].restartTimeout': {
    pattern: patternOrEmpty(new RegExp(`^(?=.*[1-9])${DURATION.source.slice(1)}`)),
  },
  'properties.distribute[VHD].uri': { pattern: patternOrEmpty(BLOB_URI) },
  'properties.distribute[ManagedImage].location': imageRegion,
  'properties.distribute[SharedImage].replicationRegions': { uniqueItems: true },
  'properties.distribute[SharedImage].replicationRegions[]': imageRegion,
  'properties.distribute[SharedImage].targetRegions[].name': imageRegion,
  'properties.vmProfile.vnetConfig.subnetId': { pattern: patternOrEmpty(SUBNET) },
  'properties.vmProfile.vnetConfig.containerInstanceSubnetId': { pattern: patternOrEmpty(SUBNET) },
  'properties.buildTimeoutInMinutes': {
    ...{ minimum: 0, maximum: 960, not: { enum: [1, 2, 3, 4, 5] } },
    errorMessage: '`buildTimeoutInMinutes` must be 6 to 960, or 0 for 240 minutes.',
  },
  'properties.optimize.workload.scriptUri': { pattern: URI },
  'properties.stagingResourceGroup': { pattern: patternOrEmpty(RESOURCE_GROUP) },
};

/** Keywords for the value in a place. */
export function valueRules(pattern: string): JsonSchema {
  return VALUES[editorPattern(pattern)] ?? {};
}

/** How the API version at hand calls a property; `undefined` when it does not define it. */
type Names = (name: string) => string | undefined;

/** Filled, or of a type that is wrong anyway. */
const FILLED = { minLength: 1, minItems: 1 };

const OBJECTS: Readonly<Record<string, (names: Names) => (JsonSchema | undefined)[]>> = {
  identity: names => [
    rule(names, ['type', 'userAssignedIdentities'], (type, ids) =>
      when(has(type, 'UserAssigned'), { yes: { required: [ids], properties: property(ids, { minProperties: 1 }) } }),
    ),
    rule(names, ['type', 'userAssignedIdentities'], (type, ids) => {
      const errorMessage = `\`${type}\` must be \`UserAssigned\` beside \`${ids}\`.`;
      return when(
        { required: [ids], properties: property(ids, { type: 'object', minProperties: 1 }) },
        { yes: { required: [type], properties: property(type, { const: 'UserAssigned', errorMessage }) } },
      );
    }),
  ],
  properties: names => {
    const someTarget = { properties: property('distribute', { minItems: 1 }) };
    if (names('validate') === undefined) return [someTarget];
    const sourceOnly = { required: ['validate'], properties: property('validate', has('sourceValidationOnly', true)) };
    return [when(sourceOnly, { no: someTarget })];
  },
  'properties.customize[Shell]': oneScript,
  'properties.customize[PowerShell]': names => [
    ...oneScript(names),
    rule(names, ['runElevated', 'runAsSystem'], (elevated, system) =>
      when(has(elevated, true), { no: without(system, { const: true }, `needs \`${elevated}\``) }),
    ),
  ],
  'properties.distribute[SharedImage]': names => [
    rule(names, ['targetRegions', 'replicationRegions'], (target, older) =>
      when(filled(target), { yes: without(older, FILLED, `cannot stand beside \`${target}\`, which replaces it`) }),
    ),
    rule(names, ['replicationRegions', 'storageAccountType'], (older, storage) =>
      when(filled(older), { no: without(storage, {}, `belongs to \`${older}\`; a target region states its own`) }),
    ),
  ],
  'properties.distribute[SharedImage].versioning': names => [
    rule(names, ['scheme', 'major'], (scheme, major) =>
      when(has(scheme, 'Source'), { yes: without(major, {}, 'belongs to the scheme `Latest` only') }),
    ),
  ],
  'properties.vmProfile.vnetConfig': names => [
    rule(names, ['containerInstanceSubnetId', 'subnetId'], (container, subnet) =>
      when(filled(container), { yes: filled(subnet) }),
    ),
    rule(names, ['containerInstanceSubnetId', 'proxyVmSize'], (container, proxy) =>
      when(filled(container), { yes: without(proxy, FILLED, `cannot stand beside \`${container}\``) }),
    ),
  ],
  'properties.optimize.workload': names => [
    rule(names, ['state', 'scriptUri'], (state, script) => when(has(state, 'Enabled'), { yes: filled(script) })),
  ],
};

/** What goes across the properties of an object. */
export function objectRules(pattern: string, names: Names): JsonSchema[] {
  return (OBJECTS[editorPattern(pattern)]?.(names) ?? []).filter(one => one !== undefined);
}

/** Every place that has a rule, for a test that there is such a place. */
export const RULED_PLACES: readonly string[] = [...Object.keys(VALUES), ...Object.keys(OBJECTS)];

function oneScript(names: Names): (JsonSchema | undefined)[] {
  const script = names('scriptUri');
  const inline = names('inline');
  // The oldest version has no commands.
  if (script === undefined || inline === undefined) return script === undefined ? [] : [filled(script)];
  return [
    when(filled(inline), { no: filled(script) }),
    when(filled(script), { yes: without(inline, FILLED, `cannot stand beside \`${script}\``) }),
  ];
}

/** A rule of two properties, where the version has both of them. */
function rule(
  names: Names,
  [first, second]: readonly [string, string],
  make: (first: string, second: string) => JsonSchema,
): JsonSchema | undefined {
  const [one, other] = [names(first), names(second)];
  return one === undefined || other === undefined ? undefined : make(one, other);
}

function filled(name: string): JsonSchema {
  return { required: [name], properties: property(name, FILLED) };
}

/** An object in which a property is not so. */
function without(name: string, what: JsonSchema, complaint: string): JsonSchema {
  return { properties: property(name, { not: what, errorMessage: `\`${name}\` ${complaint}.` }) };
}
