import type { Segment } from './json-document.ts';

/** What kind of sentence the service would say. */
export type ProblemShape =
  | { readonly kind: 'missing' }
  | { readonly kind: 'bad'; readonly value: unknown }
  /** A `type` that is none: the service does not say what it read. */
  | { readonly kind: 'type' }
  | { readonly kind: 'identity' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'duplicate' };

const REFERENCE = 'http://aka.ms/azvmimagebuildertmplref';
const REQUIRED = `Please review ${REFERENCE} for details on fields required in the Image Builder Template.`;
// The two spaces on either side are the service's.
const REQUIREMENTS = `Please review  ${REFERENCE}  for details on fields requirements in the Image Builder Template.`;

/**
 * The first sentence of an error in the form that the service's users (and their scripts) know. An element of an array is
 * named by the field that holds the array, except where something is missing in it.
 */
export function aibSentence(path: readonly Segment[], shape: ProblemShape, apiVersion: string): string {
  switch (shape.kind) {
    case 'missing':
      return `Validation failed: '${owner(path.slice(0, -1))}': Missing field '${path.at(-1) ?? ''}'. ${REQUIRED}`;
    case 'identity':
      return 'Managed identity is required for building this template using current API version.';
    case 'type':
      return badValue(path, '');
    case 'bad': {
      const value = typeof shape.value === 'string' ? shape.value : (JSON.stringify(shape.value) ?? '');
      const shown = value.length > 200 ? `${value.slice(0, 199)}…` : value;
      return `${badValue(path, shown)} ${REQUIREMENTS}`;
    }
    case 'unknown':
    case 'duplicate': {
      const type = `*v${apiVersion.replaceAll('-', '_')}.ImageTemplate`;
      const field = capital(String(path.find(segment => typeof segment === 'string') ?? ''));
      const where = path.length > 1 ? `struct field ${field}: ` : '';
      const what = shape.kind === 'unknown' ? 'unknown' : 'duplicate';
      return (
        `Unmarshalling entity encountered error: unmarshalling type ${type}: ${where}${what} field "${path.at(-1) ?? ''}". ` +
        'There is an issue with the syntax with the JSON template you are submitting. ' +
        'Please check the JSON template for syntax and grammar. ' +
        `For more information on the syntax and grammar of the JSON template, visit ${REFERENCE}.`
      );
    }
  }
}

function badValue(path: readonly Segment[], shown: string): string {
  const array = path.findIndex(segment => typeof segment === 'number');
  const cut = array > 0 ? array - 1 : path.findLastIndex(segment => typeof segment === 'string');
  const what = path.length === 0 ? 'it' : `Field '${join(path.slice(cut))}'`;
  return `Validation failed: '${owner(path.slice(0, cut))}': ${what} has a bad value: '${shown}'.`;
}

function owner(path: readonly Segment[]): string {
  return path.length === 0 ? 'ImageTemplate' : `ImageTemplate.${join(path)}`;
}

function join(path: readonly Segment[]): string {
  return path.map((s, i) => (typeof s === 'number' ? `[${s}]` : i === 0 ? s : `.${s}`)).join('');
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
