import type { ApiVersion } from './model.ts';

/** A JSON Schema of draft 7, with the keywords of VS Code. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas that stand in one place and are referred to, each once however many API versions have it. */
export interface Definitions {
  /** Files a schema under a name, or finds it there; returns the reference to it. */
  refer(name: string, version: ApiVersion, schema: JsonSchema): JsonSchema;
  /** All of them, by name. */
  all(): Readonly<Record<string, JsonSchema>>;
}

/**
 * Definitions to fill with the newest version first: that has the plain names, and an older form is called after the
 * last version that has it.
 */
export function createDefinitions(): Definitions {
  const byName = new Map<string, JsonSchema>();
  const names = new Map<string, string>();
  return {
    refer(name, version, schema) {
      const text = JSON.stringify(schema);
      let known = names.get(text);
      if (known === undefined) {
        known = byName.has(name) ? `${name}-${version}` : name;
        if (byName.has(known)) throw new Error(`two schemas are called ${known}`);
        names.set(text, known);
        byName.set(known, schema);
      }
      return { $ref: `#/definitions/${known}` };
    },
    all: () => Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** `if`, and what holds then or else. */
export function when(
  condition: JsonSchema,
  follows: { readonly yes?: JsonSchema; readonly no?: JsonSchema },
): JsonSchema {
  const { yes, no } = follows;
  return Object.fromEntries(
    [['if', condition] as const, ['then', yes] as const, ['else', no] as const].filter(([, one]) => one !== undefined),
  );
}

/** An object in which a property has a value. */
export function has(name: string, value: unknown): JsonSchema {
  return { required: [name], properties: property(name, { const: value }) };
}

/** A condition on a property. An editor is not to offer the property by it: the property has a schema of its own. */
export function property(name: string, condition: JsonSchema): JsonSchema {
  return { [name]: { ...condition, doNotSuggest: true } };
}
