import { circular } from './dependencies.ts';
import type { Segment } from './json-value.ts';
import type { Problems } from './problems.ts';

interface Ordered {
  readonly id: string;
  readonly path: readonly Segment[];
  readonly dependsOn: readonly string[];
}

/** The resources in an order in which each comes after what it depends on, and otherwise as they stand in the file. */
export function dependencyOrder<T extends Ordered>(resources: readonly T[], problems: Problems): readonly T[] {
  const byId = new Map(resources.map(one => [one.id.toLowerCase(), one]));
  const state = new Map<T, 'open' | 'done'>();
  const order: T[] = [];
  for (const start of resources) {
    // No recursion: a chain may be as long as there are resources.
    const trail: { readonly one: T; next: number }[] = [];
    const enter = (one: T): void => {
      const seen = state.get(one);
      if (seen === 'done') return;
      if (seen === 'open') {
        const ids = trail.map(step => step.one.id);
        problems.add(one.path, circular([...ids.slice(ids.indexOf(one.id)), one.id]));
        return;
      }
      state.set(one, 'open');
      trail.push({ one, next: 0 });
    };
    enter(start);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const id = top.one.dependsOn[top.next++];
      if (id === undefined) {
        state.set(top.one, 'done');
        order.push(top.one);
        trail.pop();
        continue;
      }
      const needed = byId.get(id.toLowerCase());
      if (needed !== undefined) enter(needed);
    }
  }
  return order;
}
