import type { DeclaredResource } from './declared-resource.ts';
import { evaluateText } from './evaluate.ts';
import { Failure } from './failure.ts';
import type { ResourceIndex } from './find-resource.ts';
import { isArray, member } from './json-value.ts';
import type { Problems } from './problems.ts';
import { sameId } from './resource-id.ts';

/**
 * Ids of what has to be deployed before a resource: what it names, its parent, and the batch of its loop before its own.
 *
 * @param emptyLoops names of loops without a round, in lower case: nothing waits for them
 */
export function dependencies(
  resource: DeclaredResource,
  index: ResourceIndex,
  emptyLoops: ReadonlySet<string>,
  problems: Problems,
): ReadonlySet<string> {
  const ids = new Set<string>();
  const add = (found: readonly DeclaredResource[]): void => {
    for (const one of found) if (one.deployed && !one.existing) ids.add(one.id);
  };
  const [written, list] = member(resource.source, 'dependsOn') ?? ['dependsOn', []];
  const path = [...resource.path, written];
  if (!isArray(list)) problems.add(path, new Failure('`dependsOn` must be an array of texts.'));
  for (const [i, one] of (isArray(list) ? list : []).entries()) {
    problems.attempt([...path, i], () => {
      const target = typeof one === 'string' ? evaluateText(one, resource.context) : one;
      if (typeof target !== 'string') throw new Failure('`dependsOn` must be an array of texts.');
      add(named(target, index, emptyLoops));
    });
  }
  const { parent, loop } = resource;
  if (parent !== undefined) add([parent]);
  const size = loop?.batchSize;
  if (loop !== undefined && size !== undefined) {
    const batch = Math.floor(loop.index / size);
    add(index.loop(loop.name).filter(one => Math.floor((one.loop?.index ?? 0) / size) === batch - 1));
  }
  for (const id of ids) {
    if (sameId(id, resource.id)) problems.add(path, circular([resource.id, resource.id]));
  }
  return ids;
}

function named(target: string, index: ResourceIndex, emptyLoops: ReadonlySet<string>): readonly DeclaredResource[] {
  const loop = index.loop(target);
  if (loop.length > 0) return loop;
  const found = index.find(target);
  if (found !== undefined) return [found];
  if (emptyLoops.has(target.toLowerCase())) return [];
  throw new Failure(
    `The resource '${target}' is not defined in the template. Please see https://aka.ms/arm-syntax-resources for usage details.`,
  );
}

export function circular(ids: readonly string[]): Failure {
  return new Failure(
    `Circular dependency detected on resource: '${ids.join("' -> '")}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
  );
}
