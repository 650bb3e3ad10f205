import { LIMITS } from './budget.ts';
import { type Context, inRound } from './context.ts';
import type { DeclaredResource, Loop } from './declared-resource.ts';
import { evaluateText } from './evaluate.ts';
import { loopCount } from './evaluate-json.ts';
import { Failure, unsupported } from './failure.ts';
import { isArray, isObject, type JsonObject, type JsonValue, member, memberValue, type Segment } from './json-value.ts';
import type { Problems } from './problems.ts';
import { below, groupId, resourcePath } from './resource-id.ts';

/** What the resources of one template are declared in. */
export interface Declaring {
  readonly context: Context;
  readonly problems: Problems;
  /** The resource group's id, below which the resources are. */
  readonly group: string;
  readonly found: DeclaredResource[];
  /** Ids of what is deployed, in lower case. */
  readonly deployed: Set<string>;
  /** Names of loops without a round, in lower case. */
  readonly emptyLoops: Set<string>;
}

/** Finds every resource, those inside of others and all rounds of loops as well. */
export function declareResources(
  section: JsonValue | undefined,
  path: readonly Segment[],
  declaring: Declaring,
  parent?: DeclaredResource,
): void {
  if (section === undefined) return;
  if (!isArray(section) && !isObject(section)) {
    declaring.problems.add(path, new Failure('`resources` must be an array, or an object in the newer language.'));
    return;
  }
  const entries: [Segment, JsonValue][] = isArray(section) ? [...section.entries()] : Object.entries(section);
  for (const [segment, source] of entries) {
    const symbol = typeof segment === 'string' ? segment : undefined;
    declaring.problems.attempt([...path, segment], () =>
      declare(source, [...path, segment], symbol, declaring, parent),
    );
  }
}

function declare(
  source: JsonValue,
  path: readonly Segment[],
  symbol: string | undefined,
  declaring: Declaring,
  parent: DeclaredResource | undefined,
): void {
  if (!isObject(source)) throw new Failure('A resource must be an object.');
  for (const unknown of ['import', 'extension', '@options']) {
    if (member(source, unknown) !== undefined) throw unsupported(`\`${unknown}\` of a resource is not supported.`);
  }
  const context = parent?.context ?? declaring.context;
  const copy = member(source, 'copy');
  if (copy === undefined) {
    round(source, path, symbol, undefined, context, declaring, parent);
    return;
  }
  const [written, loop] = copy;
  if (parent !== undefined)
    throw new Failure('A resource inside of another can have no `copy`. Name it with its parent, and beside it.');
  if (!isObject(loop)) throw new Failure('`copy` must be an object with `name` and `count`.');
  const name = nameOfLoop(loop, symbol, context);
  const batchSize = batchOf(loop, context);
  const count = loopCount(loop, [...path, written], context, declaring.problems);
  if (count === 0) for (const one of [name, symbol ?? name]) declaring.emptyLoops.add(one.toLowerCase());
  for (let index = 0; index < count; index++) {
    const place: Loop = { name, symbol, index, batchSize };
    const own = symbol === undefined ? undefined : `${symbol}[${index}]`;
    round(source, path, own, place, inRound(context, name, index, true), declaring, parent);
  }
}

function nameOfLoop(loop: JsonObject, symbol: string | undefined, context: Context): string {
  const written = memberValue(loop, 'name');
  const name = typeof written === 'string' ? evaluateText(written, context) : symbol;
  if (typeof name !== 'string') throw new Failure('`copy` needs a `name`.');
  return name;
}

function batchOf(loop: JsonObject, context: Context): number | undefined {
  const mode = memberValue(loop, 'mode') ?? 'parallel';
  const words = ['parallel', 'serial'];
  if (typeof mode !== 'string' || !words.includes(mode.toLowerCase())) {
    throw new Failure("The `mode` of `copy` must be 'Parallel' or 'Serial'.");
  }
  if (mode.toLowerCase() === 'parallel') return undefined;
  const written = memberValue(loop, 'batchSize') ?? 1;
  const size = typeof written === 'string' ? evaluateText(written, context) : written;
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1) return size;
  throw new Failure('The `batchSize` of `copy` must be an integer of 1 or more.');
}

function round(
  source: JsonObject,
  path: readonly Segment[],
  symbol: string | undefined,
  loop: Loop | undefined,
  context: Context,
  declaring: Declaring,
  parent: DeclaredResource | undefined,
): void {
  if (declaring.found.length >= LIMITS.resources) {
    throw new Failure(`The template has more than the limit of ${LIMITS.resources} resources.`);
  }
  const text = (name: string): string => {
    const [written, value] = member(source, name) ?? [];
    if (value === undefined || written === undefined) throw new Failure(`A resource needs \`${name}\`.`);
    const evaluated = typeof value === 'string' ? evaluateText(value, context) : value;
    if (typeof evaluated !== 'string' || evaluated === '') throw new Failure(`Its \`${name}\` must be a text.`);
    return evaluated;
  };
  const own = text('type');
  // A type with a provider's namespace is complete; any other goes on where the parent's ends.
  const complete = parent === undefined || /^[^/]*\./.test(own);
  const type = complete ? own : `${parent.type}/${own}`;
  const ownName = text('name');
  const name = parent === undefined || (complete && ownName.includes('/')) ? ownName : `${parent.name}/${ownName}`;
  const id = below(scopeOf(source, context, declaring), resourcePath({ type, name }));
  const declared: DeclaredResource = {
    path,
    source,
    symbol,
    type,
    apiVersion: text('apiVersion'),
    name,
    id,
    loop,
    parent,
    deployed: conditionOf(source, context) && parent?.deployed !== false,
    existing: memberValue(source, 'existing') === true,
    context,
  };
  if (declared.deployed && !declared.existing) {
    if (declaring.deployed.has(id.toLowerCase())) {
      throw new Failure(
        `The resource '${type}/${name}' is defined multiple times in a template. Please see https://aka.ms/arm-syntax-resources for usage details.`,
      );
    }
    declaring.deployed.add(id.toLowerCase());
  }
  declaring.found.push(declared);
  const [written, inner] = member(source, 'resources') ?? [];
  if (written !== undefined && inner !== undefined) declareResources(inner, [...path, written], declaring, declared);
}

function conditionOf(source: JsonObject, context: Context): boolean {
  const written = memberValue(source, 'condition') ?? true;
  const condition = typeof written === 'string' ? evaluateText(written, context) : written;
  if (typeof condition !== 'boolean') throw new Failure('Its `condition` must be a boolean.');
  return condition;
}

/** The id that a resource's own begins with: that of its group, or of the resource that it extends. */
function scopeOf(source: JsonObject, context: Context, declaring: Declaring): string {
  const text = (name: string): string | undefined => {
    const written = memberValue(source, name);
    if (written === undefined) return undefined;
    const value = typeof written === 'string' ? evaluateText(written, context) : written;
    if (typeof value !== 'string' || value === '') throw new Failure(`Its \`${name}\` must be a text.`);
    return value;
  };
  const [subscription, group, scope] = [text('subscriptionId'), text('resourceGroup'), text('scope')];
  if (subscription !== undefined || group !== undefined) {
    const own = declaring.context.scope;
    return groupId(subscription ?? own.subscription.id, group ?? own.resourceGroup.name);
  }
  if (scope === undefined) return declaring.group;
  if (scope.startsWith('/')) return scope;
  // `Microsoft.Provider/type/name` names a resource of the same group.
  return below(declaring.group, `providers/${scope}`);
}
