import { Ajv, type ErrorObject } from 'ajv';
import { imageTemplateJsonSchema } from './json-schema.ts';
import { showPath } from './problems.ts';

export const schema = imageTemplateJsonSchema();

// Types are stated once for a value, and not again in its conditions.
const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true });
// What VS Code knows besides.
ajv.addVocabulary(['allowComments', 'allowTrailingCommas', 'defaultSnippets', 'doNotSuggest']);
ajv.addVocabulary(['enumDescriptions', 'errorMessage', 'patternErrorMessage']);
const validate = ajv.compile(schema);

/** What the schema says of a template: the keyword and the JSON path of each problem, as Kiln writes paths. */
export function refusals(value: unknown): { readonly keyword: string; readonly target: string }[] {
  if (validate(value)) return [];
  const found = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  return found.map(one => ({ keyword: one.keyword, target: targetOf(one) }));
}

/** Where the problem is: what is missing or unknown is named by its own path, as Kiln does. */
function targetOf({ instancePath, params }: ErrorObject): string {
  const segments = instancePath
    .split('/')
    .slice(1)
    .map(one => one.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map(one => (/^\d+$/.test(one) ? Number(one) : one));
  const own: unknown = params['missingProperty'] ?? params['additionalProperty'];
  return showPath(typeof own === 'string' ? [...segments, own] : segments);
}
