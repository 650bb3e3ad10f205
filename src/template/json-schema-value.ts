import { z } from 'zod';
import type { JsonSchema } from './json-schema-definitions.ts';
import { description } from './json-schema-descriptions.ts';
import { patternOf } from './json-schema-pattern.ts';
import { valueRules } from './json-schema-rules.ts';
import type { ApiVersion } from './model.ts';
import type { Place } from './names.ts';
import { typeIn } from './read.ts';
import { DOT_IN_NAMES_SINCE, DOTLESS_NAMES, LATEST_GALLERY_VERSION_SINCE, VALUE_SINCE } from './since.ts';
import { isAtLeast } from './versions.ts';

/** No text that a template may have matches this: it makes a check say what it wants. */
const UNFIT = ' \n';

/**
 * The schema of a value that is neither an object with names of its own nor an array.
 *
 * @param name the property's name in this version
 * @param fallback the default where an empty value stands for another
 */
export function valueSchema(
  version: ApiVersion,
  schema: z.ZodType,
  place: Place,
  name: string,
  fallback: unknown,
): JsonSchema {
  const { default: own, ...plain } = fromZod(schema);
  const rules = { ...plain, ...valueRules(place.pattern) };
  return {
    ...described(place),
    ...rules,
    ...inThisVersion(version, place, rules),
    ...('pattern' in rules ? { patternErrorMessage: rules['patternErrorMessage'] ?? complaint(schema, name) } : {}),
    ...defaultOf(fallback ?? own),
  };
}

/** The description of a place. An editor shows it, so a place without one is a defect. */
export function described(place: Place): JsonSchema {
  const text = description(place.pattern);
  if (text !== undefined) return { description: text };
  // The values in a list are described with the list.
  if (place.pattern.endsWith('[]')) return {};
  throw new Error(`${place.pattern} needs a description`);
}

/** A default that says something: an empty one stands for "not there". */
export function defaultOf(value: unknown): JsonSchema {
  const empty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return value === undefined || empty ? {} : { default: value };
}

function fromZod(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema instanceof z.ZodString) {
        const [form, ...more] = formsOf(zodSchema);
        if (more.length > 0) throw new Error('a text with more than one form');
        if (form !== undefined) jsonSchema.pattern = patternOf(form);
      }
      if (zodSchema instanceof z.ZodRecord) delete jsonSchema.propertyNames;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return json;
}

/** The regular expressions that a text is checked by. zod's own conversion loses their flags. */
function formsOf(schema: z.ZodString): RegExp[] {
  return (schema.def.checks ?? []).flatMap(({ _zod: { def } }) =>
    'pattern' in def && def.pattern instanceof RegExp ? [def.pattern] : [],
  );
}

/** What of a value depends on the version. */
function inThisVersion(version: ApiVersion, { pattern }: Place, schema: JsonSchema): JsonSchema {
  if (typeof schema['const'] === 'string') return { const: typeIn(version, schema['const']) };
  const since = VALUE_SINCE[pattern];
  if (since !== undefined && Array.isArray(schema['enum'])) {
    return { enum: schema['enum'].filter(one => isAtLeast(version, since[String(one)] ?? version)) };
  }
  if (DOTLESS_NAMES.has(pattern) && !isAtLeast(version, DOT_IN_NAMES_SINCE)) {
    return {
      not: { pattern: '\\.' },
      errorMessage: `A name may have a \`.\` from API version ${DOT_IN_NAMES_SINCE} on.`,
    };
  }
  if (/\[SharedImageVersion\]\.imageVersionId$/.test(pattern) && !isAtLeast(version, LATEST_GALLERY_VERSION_SINCE)) {
    return {
      not: { pattern: patternOf(/\/latest$/i) },
      errorMessage: `\`latest\` is understood from API version ${LATEST_GALLERY_VERSION_SINCE} on; name a version.`,
    };
  }
  return {};
}

/** What the check itself says of a value that does not fit. */
function complaint(schema: z.ZodType, name: string): string {
  const message = schema.safeParse(UNFIT).error?.issues[0]?.message;
  if (message === undefined) throw new Error(`the check of \`${name}\` accepts anything`);
  return `\`${name}\` ${message}.`;
}
