import { KilnError } from '../errors/kiln-error.ts';
import { text } from './example.fixture.ts';
import type { ImageTemplate } from './model.ts';
import { parseTemplate } from './parse.ts';

/** What is wrong with a template, `code path` each; fails when nothing is. */
export function problems(value: unknown): string[] {
  return failure(text(value)).details.map(one => `${one.code} ${one.target}`);
}

export function failure(json: string): KilnError {
  try {
    parseTemplate(json, { file: 'web.json' });
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
  throw new Error('the template was accepted');
}

export function model(value: unknown): ImageTemplate {
  return parseTemplate(text(value), { file: '/work/web.json' }).template;
}

export function warnings(value: unknown): string[] {
  return parseTemplate(text(value)).warnings.map(one => `${one.code} ${one.target}`);
}
