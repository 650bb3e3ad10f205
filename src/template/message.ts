import type { Segment } from './json-document.ts';

/** What kind of sentence the service would say. */
export type ProblemShape =
  | { readonly kind: 'missing' }
  | { readonly kind: 'bad'; readonly value: unknown }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'duplicate' };

/**
 * The first sentence of an error in the form that the service's users (and their scripts) know. An element of an array is
 * named by the field that holds the array, except where something is missing in it.
 */
export function aibSentence(path: readonly Segment[], shape: ProblemShape, apiVersion: string): string {
  const last = path.findLastIndex(segment => typeof segment === 'string');
  switch (shape.kind) {
    case 'missing':
      return `Validation failed: '${owner(path.slice(0, -1))}': Missing field '${path.at(-1) ?? ''}'.`;
    case 'bad': {
      const array = path.findIndex(segment => typeof segment === 'number');
      const cut = array > 0 ? array - 1 : last;
      const value = typeof shape.value === 'string' ? shape.value : (JSON.stringify(shape.value) ?? '');
      const shown = value.length > 200 ? `${value.slice(0, 199)}…` : value;
      const what = path.length === 0 ? 'it' : `Field '${join(path.slice(cut))}'`;
      return `Validation failed: '${owner(path.slice(0, cut))}': ${what} has a bad value: '${shown}'.`;
    }
    case 'unknown':
    case 'duplicate': {
      const type = `*v${apiVersion.replaceAll('-', '_')}.ImageTemplate`;
      const field = capital(String(path.find(segment => typeof segment === 'string') ?? ''));
      const where = path.length > 1 ? `struct field ${field}: ` : '';
      const what = shape.kind === 'unknown' ? 'unknown' : 'duplicate';
      return (
        `Unmarshalling entity encountered error: unmarshalling type ${type}: ${where}${what} field "${path.at(-1) ?? ''}". ` +
        'There is an issue with the syntax with the JSON template you are submitting.'
      );
    }
  }
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
