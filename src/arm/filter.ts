import { armError } from '../errors/arm.ts';

/** One condition of a `$filter`. */
export interface Condition {
  /** In lower case: `resourcetype`, `tagname`, `name`. */
  readonly property: string;
  readonly operator: 'eq' | 'ne' | 'startswith' | 'substringof';
  readonly value: string;
}

const EITHER =
  /^(?:([\w./]+)\s+(eq|ne)\s+'((?:[^']|'')*)'|(startswith|substringof)\(\s*(?:([\w./]+)\s*,\s*'((?:[^']|'')*)'|'((?:[^']|'')*)'\s*,\s*([\w./]+))\s*\)|(atScope\(\)|assignedTo\('((?:[^']|'')*)'\)))/i;

/**
 * Reads the part of OData that Azure's clients send: conditions joined by `and`, functions `startswith`, `substringof`, and
 * those of role assignments, `atScope()` and `assignedTo('...')`, as conditions of these names.
 *
 * @throws KilnError `InvalidFilterInQueryString`.
 */
export function parseFilter(filter: string | null): readonly Condition[] {
  if (filter === null || filter.trim() === '') return [];
  const conditions: Condition[] = [];
  let rest = filter.trim();
  for (;;) {
    // Some clients put conditions into parentheses, which mean nothing where everything is joined by `and`.
    rest = rest.replace(/^[(\s]+/, '');
    const found = EITHER.exec(rest);
    if (found === null) throw armError('InvalidFilterInQueryString', { filter, reason: `\`${rest}\` is no condition` });
    conditions.push(conditionOf(found));
    rest = rest.slice(found[0].length).replace(/^[)\s]+/, '');
    if (rest === '') return conditions;
    const and = /^and\s+/i.exec(rest);
    if (and === null)
      throw armError('InvalidFilterInQueryString', { filter, reason: `\`${rest}\` does not begin with and` });
    rest = rest.slice(and[0].length);
  }
}

/** Whether a thing meets all conditions, by the values of its properties. One that it does not have meets none but `ne`. */
export function meets(conditions: readonly Condition[], textOf: (property: string) => string | undefined): boolean {
  return conditions.every(({ property, operator, value }) => {
    const found = textOf(property)?.toLowerCase();
    const wanted = value.toLowerCase();
    if (operator === 'ne') return found !== wanted;
    if (found === undefined) return false;
    if (operator === 'eq') return found === wanted;
    return operator === 'startswith' ? found.startsWith(wanted) : found.includes(wanted);
  });
}

function conditionOf(found: RegExpExecArray): Condition {
  const [, property, operator, value, name, before, argument, text, after, special, principal] = found;
  const unquote = (quoted: string | undefined) => (quoted ?? '').replaceAll("''", "'");
  if (special !== undefined) {
    return { property: special.replace(/\(.*$/s, '').toLowerCase(), operator: 'eq', value: unquote(principal) };
  }
  if (property !== undefined) {
    return {
      property: property.toLowerCase(),
      operator: operator?.toLowerCase() === 'ne' ? 'ne' : 'eq',
      value: unquote(value),
    };
  }
  return {
    property: (before ?? after ?? '').toLowerCase(),
    operator: name?.toLowerCase() === 'startswith' ? 'startswith' : 'substringof',
    value: unquote(argument ?? text),
  };
}
