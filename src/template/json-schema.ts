import { z } from 'zod';
import { createDefinitions, has, type JsonSchema, property, when } from './json-schema-definitions.ts';
import { objectSchema } from './json-schema-object.ts';
import { API_VERSIONS } from './model.ts';
import { unwrap } from './names.ts';
import { resourceSchema } from './resource-schema.ts';
import { NEWEST_VERSION } from './versions.ts';

/**
 * The JSON Schema of an image template of any API version, for editors: draft 7, with the keywords of VS Code. It says
 * what a JSON Schema can say of what `parseTemplate` checks, and is stricter in three things: names and types have their case in
 * every version, `null` is not a way to leave something out, and neither is an empty choice.
 */
export function imageTemplateJsonSchema(): JsonSchema {
  const definitions = createDefinitions();
  const resource = unwrap(resourceSchema);
  if (!(resource instanceof z.ZodObject)) throw new Error('a resource is no object');
  const newestFirst = [...API_VERSIONS].reverse();
  const older = newestFirst.filter(version => version !== NEWEST_VERSION);
  const versions = newestFirst.map(version => ({
    version,
    reference: objectSchema({ version, definitions }, resource, { path: [], pattern: '' }),
  }));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated from src/template/ by `npm run schema -- --write`. Do not edit.',
    title: 'Image template',
    description: 'An image template of Azure VM Image Builder, of any API version.',
    type: 'object',
    allOf: versions.map(({ version, reference }) =>
      version === NEWEST_VERSION
        ? // A template that names none, or none that there is, is judged by the newest.
          when({ required: ['apiVersion'], properties: property('apiVersion', { enum: older }) }, { no: reference })
        : when(has('apiVersion', version), { yes: reference }),
    ),
    allowComments: true,
    allowTrailingCommas: false,
    definitions: definitions.all(),
  };
}
