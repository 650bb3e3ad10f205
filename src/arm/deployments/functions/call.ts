import type { Context, Evaluate } from '../context.ts';
import type { Node } from '../expression.ts';
import { Failure } from '../failure.ts';
import { isArray, isObject, type JsonObject, type JsonValue, typeName } from '../json-value.ts';

/** Least and greatest number of arguments. */
export type Arity = readonly [least: number, most: number];

export interface BuiltIn {
  readonly arity: Arity;
  readonly run: (call: Call) => JsonValue;
}

/** Functions by their names as the documentation writes them. */
export type Functions = Readonly<Record<string, BuiltIn>>;

/** One call of a function: its arguments are evaluated when they are asked for, each once. */
export class Call {
  readonly name: string;
  readonly context: Context;
  readonly count: number;
  readonly #args: readonly Node[];
  readonly #evaluate: Evaluate;
  readonly #known = new Map<number, JsonValue>();

  /** @throws Failure when the number of arguments does not fit. */
  constructor(node: Extract<Node, { kind: 'call' }>, [least, most]: Arity, context: Context, evaluate: Evaluate) {
    this.name = node.name;
    this.context = context;
    this.count = node.args.length;
    this.#args = node.args;
    this.#evaluate = evaluate;
    if (this.count < least || this.count > most) {
      const wanted = least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
      throw this.invalid(`it takes ${wanted} argument(s), and there are ${this.count}`);
    }
  }

  value(index: number): JsonValue {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const node = this.#args[index];
    if (node === undefined) throw this.invalid(`argument ${index + 1} is missing`);
    const value = this.#evaluate(node, this.context);
    this.context.budget.read([value]);
    this.#known.set(index, value);
    return value;
  }

  values(from = 0): readonly JsonValue[] {
    return this.#args.slice(from).map((_, i) => this.value(from + i));
  }

  has(index: number): boolean {
    return index < this.count;
  }

  text(index: number): string {
    const value = this.value(index);
    if (typeof value !== 'string') throw this.mismatch(index, 'String');
    return value;
  }

  texts(from = 0): readonly string[] {
    return this.values(from).map((_, i) => this.text(from + i));
  }

  integer(index: number): number {
    const value = this.value(index);
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.mismatch(index, 'Integer');
    return value;
  }

  boolean(index: number): boolean {
    const value = this.value(index);
    if (typeof value !== 'boolean') throw this.mismatch(index, 'Boolean');
    return value;
  }

  array(index: number): readonly JsonValue[] {
    const value = this.value(index);
    if (!isArray(value)) throw this.mismatch(index, 'Array');
    return value;
  }

  object(index: number): JsonObject {
    const value = this.value(index);
    if (!isObject(value)) throw this.mismatch(index, 'Object');
    return value;
  }

  /** An argument of the form `lambda('a', 'b', body)`, to be called with as many values as it has names, or more. */
  lambda(index: number): (...args: readonly JsonValue[]) => JsonValue {
    const node = this.#args[index];
    const [names, body] = node === undefined ? [[], undefined] : lambdaOf(node);
    if (body === undefined)
      throw this.invalid(`argument ${index + 1} must be a lambda: \`lambda('name', <expression>)\``);
    return (...args) => {
      if (names.length > args.length) throw this.invalid(`its lambda has more than ${args.length} argument(s)`);
      const lambdaVariables = new Map(this.context.lambdaVariables);
      for (const [i, name] of names.entries()) lambdaVariables.set(name, args[i] ?? null);
      return this.#evaluate(body, { ...this.context, lambdaVariables });
    };
  }

  /** The text, when it is not too long to be made of so many characters. */
  bounded(length: number, make: () => string): string {
    this.context.budget.text(length);
    return make();
  }

  /** A failure of this call; `why` goes on in the middle of a sentence. */
  invalid(why: string): Failure {
    return new Failure(`The template language function '${this.name}' is not used as it has to be: ${why}.`);
  }

  mismatch(index: number, ...wanted: readonly string[]): Failure {
    const types = wanted.map(type => `'${type}'`).join(' or ');
    return this.invalid(`argument ${index + 1} is of type '${typeName(this.value(index))}', and ${types} is expected`);
  }
}

function lambdaOf(node: Node): [names: readonly string[], body: Node | undefined] {
  if (node.kind !== 'call' || node.name.toLowerCase() !== 'lambda') return [[], undefined];
  const names: string[] = [];
  for (const name of node.args.slice(0, -1)) {
    if (name.kind !== 'literal' || typeof name.value !== 'string') return [[], undefined];
    names.push(name.value.toLowerCase());
  }
  return [names, node.args.at(-1)];
}
