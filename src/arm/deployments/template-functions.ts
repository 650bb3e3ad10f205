import type { Context, Names, TemplateFunction } from './context.ts';
import { evaluateJson } from './evaluate-json.ts';
import { Consequence, Failure } from './failure.ts';
import { isArray, isObject, type JsonValue, memberValue, type Segment } from './json-value.ts';
import type { Problems } from './problems.ts';

/**
 * The functions that a template defines, by `namespace.name`. They see their parameters and nothing else of the template.
 *
 * `context` is that of their expressions, but for the names.
 */
export function readTemplateFunctions(
  section: JsonValue | undefined,
  path: readonly Segment[],
  context: Omit<Context, 'names'>,
  problems: Problems,
): Names['templateFunction'] {
  const found = new Map<string, TemplateFunction>();
  const byName: Names['templateFunction'] = name => found.get(name.toLowerCase());
  if (section !== undefined && !isArray(section)) problems.add(path, new Failure('`functions` must be an array.'));
  for (const [i, group] of (isArray(section) ? section : []).entries()) {
    const namespace = isObject(group) ? memberValue(group, 'namespace') : undefined;
    const members = isObject(group) ? memberValue(group, 'members') : undefined;
    if (typeof namespace !== 'string' || !isObject(members)) {
      problems.add([...path, i], new Failure('A group of functions needs `namespace` and `members`.'));
      continue;
    }
    for (const [name, definition] of Object.entries(members)) {
      const at = [...path, i, 'members', name];
      const one = problems.attempt(at, () => templateFunction(definition, at, context, byName, problems));
      if (one !== undefined) found.set(`${namespace}.${name}`.toLowerCase(), one);
    }
  }
  return byName;
}

function templateFunction(
  definition: JsonValue,
  path: readonly Segment[],
  context: Omit<Context, 'names'>,
  templateFunctions: Names['templateFunction'],
  problems: Problems,
): TemplateFunction {
  const output = isObject(definition) ? memberValue(definition, 'output') : undefined;
  const value = isObject(output) ? memberValue(output, 'value') : undefined;
  if (!isObject(definition) || value === undefined) throw new Failure('A function needs `output` with a `value`.');
  const declared = memberValue(definition, 'parameters') ?? [];
  const parameters = (isArray(declared) ? declared : [declared]).map(one => {
    const name = isObject(one) ? memberValue(one, 'name') : undefined;
    if (typeof name !== 'string') throw new Failure('A parameter of a function needs a `name`.');
    return name.toLowerCase();
  });
  return {
    parameters,
    call: args => {
      const names: Names = {
        parameter: name => {
          const index = parameters.indexOf(name.toLowerCase());
          if (index === -1) throw new Failure(`The function has no parameter '${name}'.`);
          return args[index] ?? null;
        },
        variable: name => {
          throw new Failure(
            `A function of the template can't use the variable '${name}': it sees its parameters only.`,
          );
        },
        templateFunction: templateFunctions,
      };
      const before = problems.count;
      const findings = { problems, waits: new Set<string>() };
      const result = evaluateJson(value, [...path, 'output', 'value'], { ...context, names }, findings);
      if (problems.count > before) throw new Consequence();
      return result;
    },
  };
}
