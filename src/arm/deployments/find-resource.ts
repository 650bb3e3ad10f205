import type { DeclaredResource } from './declared-resource.ts';
import { Failure } from './failure.ts';

/** Finds the resources of a template by what its expressions and its `dependsOn` call them. */
export interface ResourceIndex {
  /** By symbolic name, id, `type/name`, or name. @throws Failure when a name fits several */
  find(target: string): DeclaredResource | undefined;
  /** All rounds of a loop, by its name. */
  loop(name: string): readonly DeclaredResource[];
}

export function indexResources(resources: readonly DeclaredResource[]): ResourceIndex {
  const by = (key: (one: DeclaredResource) => string | undefined): ReadonlyMap<string, readonly DeclaredResource[]> =>
    Map.groupBy(resources, one => key(one)?.toLowerCase() ?? '');
  const bySymbol = by(one => one.symbol);
  const byId = by(one => one.id);
  const byTypedName = by(one => typedName(one));
  const byTypeThenName = by(one => `${one.type}/${one.name}`);
  const byName = by(one => one.name);
  const byLoop = by(one => one.loop?.name);
  const byLoopSymbol = by(one => one.loop?.symbol);
  return {
    find(target) {
      const key = target.toLowerCase();
      if (key === '') return undefined;
      // What is deployed goes before what is not: two conditions often choose between two of one name.
      const hits =
        bySymbol.get(key) ?? byId.get(key) ?? byTypedName.get(key) ?? byTypeThenName.get(key) ?? byName.get(key) ?? [];
      const deployed = hits.filter(one => one.deployed);
      const [first, second] = deployed.length > 0 ? deployed : hits;
      if (first !== undefined && second !== undefined && first.id !== second.id) {
        throw new Failure(
          `The name '${target}' fits more than one resource of the template: write the whole resource id.`,
        );
      }
      return first;
    },
    loop: name => (name === '' ? [] : (byLoop.get(name.toLowerCase()) ?? byLoopSymbol.get(name.toLowerCase()) ?? [])),
  };
}

/** `Microsoft.Compute/galleries/g/images/i`: an id without its scope. */
function typedName(one: DeclaredResource): string {
  return one.id.slice(one.id.toLowerCase().lastIndexOf('/providers/') + '/providers/'.length);
}
