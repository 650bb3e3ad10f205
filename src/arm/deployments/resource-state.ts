import type { Reference } from './context.ts';
import type { DeclaredResource } from './declared-resource.ts';
import { Failure, Waits } from './failure.ts';
import type { ResourceIndex } from './find-resource.ts';
import { asJson, isObject, type JsonObject, type JsonValue, memberValue } from './json-value.ts';
import { typedNameOf } from './resource-id.ts';

/**
 * The state of a resource that the deployment has made, as reading it from its provider would show it (`location`, `properties`,
 * ...), or `undefined` when there is none.
 */
export type Runtime = (id: string) => unknown;

/** The state of a resource outside of the template, in the same form. */
export type Existing = (id: string, apiVersion?: string) => unknown;

/** What `reference` looks things up in. */
export interface States {
  readonly index: ResourceIndex;
  readonly existing: Existing;
  /** Missing while nothing is deployed yet: then everything of the template has to be waited for. */
  readonly runtime: Runtime | undefined;
  /** Whether what can't be found may still be made by a deployment inside of this one. */
  readonly mayAppear: boolean;
  /** Where a template that shares the names of the one around it finds the resources of that one. */
  readonly outer: Reference | undefined;
}

/** The `reference` function over these states. */
export function referenceOver(states: States): Reference {
  return (target, apiVersion, full) => {
    const own = states.index.find(target);
    if (own === undefined && states.outer !== undefined) return states.outer(target, apiVersion, full);
    const state =
      own?.deployed === true && !own.existing ? made(own, states) : outside(target, own, apiVersion, states);
    return full ? state : (memberValue(state, 'properties') ?? {});
  };
}

function made(own: DeclaredResource, { runtime }: States): JsonObject {
  if (runtime === undefined) throw new Waits(own.id);
  const state = runtime(own.id);
  if (state === undefined) throw notFound(own.id);
  return checked(state, own.id);
}

function outside(
  target: string,
  own: DeclaredResource | undefined,
  apiVersion: string | undefined,
  states: States,
): JsonObject {
  const id = own?.id ?? (target.startsWith('/') ? target : undefined);
  if (id === undefined) {
    throw new Failure(`The resource '${target}' that the function 'reference' names is not defined in the template.`);
  }
  const version = apiVersion ?? (own?.existing === true ? own.apiVersion : undefined);
  if (version === undefined) {
    throw new Failure(
      `The function 'reference' needs an API version for '${id}', which is not deployed by this template.`,
    );
  }
  const state = states.existing(id, version);
  if (state !== undefined) return checked(state, id);
  if (states.mayAppear && states.runtime === undefined) throw new Waits(id);
  throw notFound(id);
}

function notFound(id: string): Failure {
  const { type, name } = typedNameOf(id) ?? { type: id, name: '' };
  const group = /\/resourceGroups\/([^/]+)/i.exec(id)?.[1];
  const where = group === undefined ? '' : ` under resource group '${group}'`;
  const what = name === '' ? type : `${type}/${name}`;
  return new Failure(`The Resource '${what}'${where} was not found.`, { code: 'ResourceNotFound' });
}

function checked(state: unknown, id: string): JsonObject {
  const json: JsonValue | undefined = asJson(state);
  if (json === undefined || !isObject(json)) throw new Error(`the state of ${id} is no JSON object`);
  return json;
}
