import { z } from 'zod';
import { targetSchemas } from '../distributors/schemas.ts';
import { customizerSchemas, validatorSchemas } from '../steps/schemas.ts';
import { type Definitions, has, type JsonSchema, when } from './json-schema-definitions.ts';
import { description, READ_ONLY_DESCRIPTION } from './json-schema-descriptions.ts';
import { objectRules, valueRules } from './json-schema-rules.ts';
import { snippetsFor } from './json-schema-snippets.ts';
import { defaultOf, described, valueSchema } from './json-schema-value.ts';
import type { ApiVersion } from './model.ts';
import { below, isDefined, isObject, nameIn, type Place, unwrap } from './names.ts';
import { typeIn } from './read.ts';
import { READ_ONLY } from './read-only.ts';
import { propertiesSchema } from './resource-schema.ts';
import { IDENTITY_REQUIRED_SINCE, REQUIRED_BEFORE, VALUE_SINCE, VALUE_UNTIL } from './since.ts';
import { sourceSchemas } from './source-schema.ts';
import { isAtLeast, isStrict } from './versions.ts';

/** What a schema is made with. */
interface Making {
  readonly version: ApiVersion;
  readonly definitions: Definitions;
}

/** Where the schema of the part around says nothing, because another one judges it. */
const PARTS: Readonly<Record<string, z.ZodType>> = { properties: propertiesSchema };

/** The same, where `type` chooses the schema. */
const VARIANTS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  'properties.source': sourceSchemas,
  'properties.customize[]': customizerSchemas,
  'properties.validate.inVMValidations[]': validatorSchemas,
  'properties.distribute[]': targetSchemas,
};

/** What is required although the schema at hand leaves it to others to say so. */
const REQUIRED_SINCE: Readonly<Record<string, ApiVersion>> = {
  apiVersion: '2018-02-01-preview',
  identity: IDENTITY_REQUIRED_SINCE,
  'properties.source': '2018-02-01-preview',
};

/** The reference to the schema of an object with the names that the version has. */
export function objectSchema(
  making: Making,
  schema: z.ZodObject,
  place: Place,
  defaults: Readonly<Record<string, unknown>> = {},
): JsonSchema {
  const { version } = making;
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  const fields = Object.entries(shape)
    .map(([name, field]) => ({ name, field, at: below(place, name), written: nameIn(version, place, name) }))
    .filter(({ at }) => isDefined(version, at));
  const names = new Map(fields.map(({ name, written }) => [name, written]));
  const rules = objectRules(place.pattern, name => names.get(name));
  return refer(making, place, {
    ...described(place),
    type: 'object',
    required: fields.filter(({ at, field }) => isRequired(version, field, at.pattern)).map(({ written }) => written),
    properties: Object.fromEntries([
      ...fields.map(({ name, field, at, written }) => [written, schemaOf(making, field, at, written, defaults[name])]),
      ...readOnlyNames(version, place).map(name => [name, READ_ONLY_VALUE]),
    ]),
    ...(isStrict(version) ? { additionalProperties: false } : {}),
    ...(rules.length > 0 ? { allOf: rules } : {}),
  });
}

const READ_ONLY_VALUE = { description: READ_ONLY_DESCRIPTION, readOnly: true, doNotSuggest: true };

function readOnlyNames(version: ApiVersion, place: Place): string[] {
  const prefix = place.pattern === '' ? '' : `${place.pattern}.`;
  return [...READ_ONLY]
    .filter(pattern => pattern.startsWith(prefix) && isDefined(version, { path: [], pattern }))
    .map(pattern => pattern.slice(prefix.length))
    .filter(name => /^\w+$/.test(name));
}

function isRequired(version: ApiVersion, field: z.ZodType, pattern: string): boolean {
  const since = REQUIRED_SINCE[pattern];
  const until = REQUIRED_BEFORE[pattern];
  if (since !== undefined) return isAtLeast(version, since);
  if (until !== undefined && !isAtLeast(version, until)) return true;
  return !field.safeParse(undefined).success;
}

function schemaOf(making: Making, schema: z.ZodType, place: Place, name: string, fallback?: unknown): JsonSchema {
  const variants = VARIANTS[place.pattern];
  if (variants !== undefined) return variantsSchema(making, variants, place);
  const plain = unwrap(PARTS[place.pattern] ?? schema);
  if (plain instanceof z.ZodObject) return objectSchema(making, plain, place);
  if (!(plain instanceof z.ZodArray)) {
    return refer(making, place, valueSchema(making.version, schema, place, name, fallback));
  }
  const items = { path: place.path, pattern: `${place.pattern}[]` };
  const neededUntil = REQUIRED_BEFORE[place.pattern];
  return refer(making, place, {
    ...described(place),
    type: 'array',
    items: schemaOf(making, plain.element as z.ZodType, items, name),
    ...valueRules(place.pattern),
    // Empty counts as not there.
    ...(neededUntil !== undefined && !isAtLeast(making.version, neededUntil) ? { minItems: 1 } : {}),
    ...defaultOf(fallback),
  });
}

/** An object whose `type` chooses its schema. A schema for each type by itself: an editor can say what is wrong in it. */
function variantsSchema(making: Making, schemas: Readonly<Record<string, z.ZodType>>, place: Place): JsonSchema {
  const { version } = making;
  const at = below(place, 'type').pattern;
  const variant = (type: string): Place => ({
    path: place.path,
    pattern: `${place.pattern.replace(/\[\]$/, '')}[${type}]`,
  });
  const types = Object.keys(schemas).filter(type => {
    const end = VALUE_UNTIL[at]?.[type];
    return isAtLeast(version, VALUE_SINCE[at]?.[type] ?? version) && (end === undefined || !isAtLeast(version, end));
  });
  return refer(making, place, {
    ...described(place),
    type: 'object',
    required: ['type'],
    properties: {
      type: {
        ...described(below(variant('*'), 'type')),
        enum: types.map(type => typeIn(version, type)),
        enumDescriptions: types.map(type => description(variant(type).pattern)),
      },
    },
    allOf: types.map(type =>
      when(has('type', typeIn(version, type)), { yes: variantSchema(making, schemas[type], variant(type)) }),
    ),
    defaultSnippets: snippetsFor(place.pattern, version),
  });
}

function variantSchema(making: Making, schema: z.ZodType | undefined, place: Place): JsonSchema {
  const plain = schema === undefined ? undefined : unwrap(schema);
  if (schema === undefined || !(plain instanceof z.ZodObject)) throw new Error(`${place.pattern} is no object`);
  return objectSchema(making, plain, place, defaultsIn(schema, place));
}

/** What a step without anything comes to: the schema's own default is often "empty", which stands for another. */
function defaultsIn(schema: z.ZodType, { pattern }: Place): Readonly<Record<string, unknown>> {
  const type = /\[(\w+)\]$/.exec(pattern)?.[1];
  for (const minimal of [{ type }, { type, inline: ['exit'] }]) {
    const { success, data } = schema.safeParse(minimal);
    if (!success || !isObject(data)) continue;
    return Object.fromEntries(Object.entries(data).filter(([name]) => !(name in minimal)));
  }
  return {};
}

function refer({ definitions, version }: Making, place: Place, schema: JsonSchema): JsonSchema {
  const name = place.pattern
    .replace(/^properties\.(?=.)/, '')
    .replaceAll('[]', '.item')
    .replace(/\[(\w+)\]/g, '.$1');
  return definitions.refer(name === '' ? 'resource' : name, version, schema);
}
