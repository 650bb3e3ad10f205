import { LIMITS } from './budget.ts';
import { Failure, unsupported } from './failure.ts';
import { isObject, type JsonObject, member, type Segment } from './json-value.ts';
import type { Problems } from './problems.ts';

const KNOWN = [
  ...['$schema', 'contentVersion', 'languageVersion', 'metadata', 'definitions', 'parameters', 'variables'],
  ...['functions', 'resources', 'outputs'],
];

/** Parts of a template that Kiln does not have, with what is to be done instead. */
const REFUSED: Readonly<Record<string, string>> = {
  apiprofile: 'write an `apiVersion` into each resource',
  asserts: 'Kiln does not check assertions',
  extensions: 'Kiln has no extensions',
  extensionconfigs: 'Kiln has no extensions',
  imports: 'Kiln has no extensions',
};

const SCHEMA = /\/(\w*)deploymentTemplate\.json#?$/i;

/** Checks the parts of a template, but not what is in them. */
export function checkMembers(template: JsonObject, path: readonly Segment[], problems: Problems): void {
  for (const name of ['$schema', 'contentVersion', 'resources']) {
    if (member(template, name) === undefined) {
      problems.add([...path, name], new Failure(`Required property '${name}' not found in JSON.`));
    }
  }
  for (const [name, value] of Object.entries(template)) {
    problems.attempt([...path, name], () => {
      const known = KNOWN.find(one => one.toLowerCase() === name.toLowerCase());
      if (known === undefined) throw unknown(name);
      if (known === '$schema') checkSchema(value);
      if (known === 'languageVersion' && value !== '1.0' && value !== '2.0') {
        throw unsupported(`The language version '${String(value)}' is not one that Kiln has: '1.0' and '2.0' are.`);
      }
      if (['parameters', 'variables', 'outputs', 'definitions'].includes(known)) {
        if (!isObject(value)) throw new Failure(`\`${known}\` must be an object.`);
        const limit = known === 'outputs' ? LIMITS.outputs : LIMITS.entries;
        const count = Object.keys(value).length;
        if (count > limit) throw new Failure(`The template has ${count} ${known}, more than the limit of ${limit}.`);
      }
    });
  }
}

function unknown(name: string): Failure {
  const lower = name.toLowerCase();
  const instead = Object.hasOwn(REFUSED, lower) ? REFUSED[lower] : undefined;
  if (instead !== undefined) return unsupported(`\`${name}\` of a template is not supported: ${instead}.`);
  return new Failure(`Could not find member '${name}' on object of type 'Template'.`);
}

function checkSchema(value: unknown): void {
  const scope = typeof value === 'string' ? SCHEMA.exec(value.trim())?.[1]?.toLowerCase() : undefined;
  if (scope === undefined)
    throw new Failure('`$schema` is not that of a deployment template (`deploymentTemplate.json#`).');
  if (scope === '') return;
  throw unsupported(
    `A deployment to a ${scope === 'managementgroup' ? 'management group' : scope} is not supported: a deployment goes to a resource group.`,
  );
}
