import type { Segment } from './json-document.ts';
import { isObject } from './names.ts';
import { fillPlaceholders, type PlaceholderDefaults, placeholderIn } from './placeholders.ts';
import type { Problems } from './problems.ts';
import type { Language } from './resource-in-file.ts';

/** Text that is the user's own: angle brackets mean nothing there. Lower case. */
const FREE_TEXT = new Set([
  ...['inline', 'tags', 'artifacttags', 'managedresourcetags', 'comments', 'metadata', 'destination'],
  ...['restartcommand', 'restartcheckcommand', 'filters', 'searchcriteria'],
]);

/** In a resource on its own, brackets may be a shell's: only what calls a function is taken for an expression. */
const EXPRESSIONS: Readonly<Record<Language, RegExp | undefined>> = {
  resource: /^\[\s*[A-Za-z][\w.]*\s*\(.*\]$/s,
  deployment: /^\[(?!\[).*\]$/s,
  values: undefined,
};

/**
 * Reports strings that still wait for a value: Resource Manager's expressions, where nothing has evaluated them, and the
 * placeholders of published samples. Returns the value with the escape `[[...]` of a deployment template undone.
 */
export function checkResolved(
  problems: Problems,
  value: unknown,
  language: Language,
  defaults: PlaceholderDefaults | undefined,
): unknown {
  const expression = EXPRESSIONS[language];
  const visit = (item: unknown, path: readonly Segment[], free: boolean): unknown => {
    if (Array.isArray(item)) return item.map((one, i) => visit(one, [...path, i], free));
    if (isObject(item)) {
      const entries = Object.entries(item).map(([name, one]) => {
        const here = [...path, name];
        // Step names are free text as well; the names of the resource and of regions are identifiers.
        const own = free || FREE_TEXT.has(name.toLowerCase()) || (name.toLowerCase() === 'name' && isInStep(path));
        return [free ? name : fill(problems, name, here, defaults), visit(one, here, own)];
      });
      return Object.fromEntries(entries);
    }
    if (typeof item !== 'string') return item;
    if (expression?.test(item) === true) {
      const message =
        'This is an expression of a deployment template, and here it is not evaluated: write the value itself.';
      problems.error('UnresolvedExpression', path, message, { kind: 'bad', value: item });
    } else if (!free) {
      return fill(problems, item, path, defaults);
    }
    return language === 'deployment' && /^\[\[.*\]$/s.test(item) ? item.slice(1) : item;
  };
  return visit(value, [], false);
}

function isInStep(path: readonly Segment[]): boolean {
  return path.some(one => typeof one === 'string' && /^(?:customize|inVMValidations)$/i.test(one));
}

/** A text with its placeholders filled in as far as they are known; reports the others. */
function fill(
  problems: Problems,
  item: string,
  path: readonly Segment[],
  defaults: PlaceholderDefaults | undefined,
): string {
  if (placeholderIn(item) === undefined || defaults === undefined) {
    checkPlaceholder(problems, item, path, defaults);
    return item;
  }
  const { text, filled } = fillPlaceholders(item, defaults);
  checkPlaceholder(problems, text, path, defaults);
  if (filled.length > 0) {
    const values = filled.map(([placeholder, value]) => `\`${placeholder}\` is taken as \`${value}\``);
    problems.warning('PlaceholderFilled', path, `${values.join(', ')}.`, 'value');
  }
  return text;
}

function checkPlaceholder(
  problems: Problems,
  text: string,
  path: readonly Segment[],
  defaults: PlaceholderDefaults | undefined,
): void {
  const found = placeholderIn(text);
  if (found === undefined) return;
  const site = defaults === undefined ? '' : ', or state it under `placeholders` in the configuration of this site';
  const message = `\`${found}\` is a placeholder: write your own value in its place${site}.`;
  problems.error('Placeholder', path, message, { kind: 'bad', value: text });
}
