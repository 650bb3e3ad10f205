import type { Context } from './context.ts';
import { type Node, parseExpression } from './expression.ts';
import { Failure } from './failure.ts';
import { Call } from './functions/call.ts';
import { builtIn, missingFunction } from './functions/registry.ts';
import { isArray, isObject, type JsonValue, member, typeName } from './json-value.ts';
import { isExpression, unescaped } from './tokenizer.ts';

/**
 * A text of the template as it is meant: the value of its expression, or the text itself.
 *
 * @throws Failure with the expression and the position; Waits
 */
export function evaluateText(text: string, context: Context): JsonValue {
  if (!isExpression(text)) return context.budget.bounded(unescaped(text));
  const node = parseText(text, context);
  try {
    return evaluate(node, context);
  } catch (error) {
    throw error instanceof Failure ? failed(error, context).in(text, 'process') : error;
  }
}

/** @throws Failure with the expression and the position */
export function parseText(text: string, context: Context): Node {
  try {
    // An expression costs the reading of its text, however little of it is evaluated.
    context.budget.read([text]);
    return parseExpression(text);
  } catch (error) {
    throw error instanceof Failure ? failed(error, context).in(text, 'parse') : error;
  }
}

/** A failure costs much more than a step. */
function failed(failure: Failure, context: Context): Failure {
  context.budget.spend(FAILURE);
  return failure;
}

const FAILURE = 50;

/** @throws Failure with the position; Waits */
export function evaluate(node: Node, context: Context): JsonValue {
  return context.budget.level(() => {
    try {
      return context.budget.bounded(link(node, context) ?? null);
    } catch (error) {
      throw error instanceof Failure ? error.at(node.at) : error;
    }
  });
}

/** The value of a node, or `undefined` behind a `.?` that found nothing: the links after it are not followed. */
function link(node: Node, context: Context): JsonValue | undefined {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'call':
      return callFunction(node, context);
    case 'property': {
      const of = link(node.of, context);
      return of === undefined ? undefined : property(of, node.name, node.safe, context);
    }
    case 'index': {
      const of = link(node.of, context);
      if (of === undefined) return undefined;
      const index = evaluate(node.index, context);
      if (typeof index === 'string') return property(of, index, node.safe, context);
      return element(of, index, node.safe);
    }
  }
}

function callFunction(node: Extract<Node, { kind: 'call' }>, context: Context): JsonValue {
  const known = builtIn(node.name);
  if (known !== undefined) return known.run(new Call(node, known.arity, context, evaluate));
  const own = context.names.templateFunction(node.name);
  if (own === undefined) throw missingFunction(node.name);
  const count = own.parameters.length;
  return own.call(new Call(node, [count, count], context, evaluate).values());
}

function property(of: JsonValue, name: string, safe: boolean, context: Context): JsonValue | undefined {
  if (isObject(of)) {
    context.budget.spend(Object.keys(of).length / 32);
    const found = member(of, name);
    if (found !== undefined) return found[1];
    if (safe) return undefined;
    const available = Object.keys(of).slice(0, 20).join(', ');
    throw new Failure(
      `The language expression property '${name}' doesn't exist, available properties are '${available}'.`,
    );
  }
  if (safe && of === null) return undefined;
  throw new Failure(
    `The language expression property '${name}' can't be evaluated: the value before it is of type '${typeName(of)}'.`,
  );
}

function element(of: JsonValue, index: JsonValue, safe: boolean): JsonValue | undefined {
  if (safe && of === null) return undefined;
  if (!isArray(of) || typeof index !== 'number') {
    const message = `A value of type '${typeName(of)}' can't be indexed with a value of type '${typeName(index)}'.`;
    throw new Failure(message);
  }
  const found = of[index];
  if (found !== undefined || safe) return found;
  throw new Failure(
    `The language expression property array index '${index}' is out of bounds: the array has ${of.length} elements.`,
  );
}
