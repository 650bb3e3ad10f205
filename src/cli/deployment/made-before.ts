import type { EvaluatedResource } from '../../arm/deployments/evaluated.ts';

/** What is made before what, through all deployments inside of a deployment. To be told in the order of the deployment. */
export class MadeBefore {
  /** By id in lower case; what is before a deployment and in it, for one that is over. */
  readonly #before = new Map<string, ReadonlySet<string>>();

  /** @param around the deployment that the resource is in, when that is a resource itself */
  add({ id, dependsOn }: EvaluatedResource, around: EvaluatedResource | undefined): void {
    const all = new Set<string>(around === undefined ? [] : this.of(around.id));
    for (const needed of dependsOn) {
      all.add(needed.toLowerCase());
      for (const one of this.of(needed)) all.add(one);
    }
    this.#before.set(id.toLowerCase(), all);
  }

  /** From here on whoever waits for the deployment waits for what is in it. */
  close({ id }: EvaluatedResource, inside: readonly EvaluatedResource[]): void {
    const all = new Set(this.of(id));
    for (const one of inside) {
      all.add(one.id.toLowerCase());
      for (const before of this.of(one.id)) all.add(before);
    }
    this.#before.set(id.toLowerCase(), all);
  }

  /** Ids in lower case of what is certainly made before a resource. */
  of(id: string): ReadonlySet<string> {
    return this.#before.get(id.toLowerCase()) ?? new Set();
  }
}
