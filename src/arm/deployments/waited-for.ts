import type { Context } from './context.ts';
import { evaluate } from './evaluate.ts';
import type { Node } from './expression.ts';
import { Exhausted, Failure, Waits } from './failure.ts';

/**
 * Ids of all resources whose state an expression asks for, those behind the first as well: they are its dependencies. One that an
 * expression makes up from another's state is found when that one exists.
 */
export function waitedFor(node: Node, context: Context): readonly string[] {
  const ids: string[] = [];
  const visit = (one: Node): void => {
    if (one.kind === 'call') {
      one.args.forEach(visit);
      if (one.name.toLowerCase() === 'reference') ids.push(...waiting(one, context));
    } else if (one.kind !== 'literal') {
      visit(one.of);
      if (one.kind === 'index') visit(one.index);
    }
  };
  visit(node);
  return ids;
}

function waiting(node: Node, context: Context): readonly string[] {
  try {
    evaluate(node, context);
  } catch (error) {
    if (error instanceof Waits) return [error.id];
    if (!(error instanceof Failure) || error instanceof Exhausted) throw error;
  }
  return [];
}
