import { Failure } from './failure.ts';

/** The parts of a resource's type and name, each behind the provider's namespace: `Microsoft.Compute`, `galleries/images`, `g/i`. */
export interface TypedName {
  readonly type: string;
  readonly name: string;
}

/** The path of a resource below its scope: `providers/Microsoft.Compute/galleries/g/images/i`. @throws Failure */
export function resourcePath({ type, name }: TypedName): string {
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  if (namespace === '' || types.length === 0 || types.includes('')) {
    throw new Failure(`The resource type '${type}' is not of the form 'Microsoft.Provider/type'.`);
  }
  if (types.length !== names.length || names.includes('')) {
    throw new Failure(
      `The template resource '${name}' for type '${type}' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name. A root resource type must have segment length one greater than its resource name.`,
    );
  }
  return `providers/${namespace}/${types.map((one, i) => `${one}/${names[i]}`).join('/')}`;
}

/** The type and name of the resource that an id ends in, or nothing for the id of something else. */
export function typedNameOf(id: string): TypedName | undefined {
  const at = id.toLowerCase().lastIndexOf('/providers/');
  const [namespace, ...parts] = at === -1 ? [] : id.slice(at + '/providers/'.length).split('/');
  if (namespace === undefined || namespace === '' || parts.length < 2 || parts.length % 2 !== 0 || parts.includes(''))
    return undefined;
  const type = [namespace, ...parts.filter((_, i) => i % 2 === 0)].join('/');
  return { type, name: parts.filter((_, i) => i % 2 === 1).join('/') };
}

/** The id of a scope and a path below it; the scope of a tenant is the empty one. */
export function below(scope: string, path: string): string {
  return `${scope.replace(/\/+$/, '')}/${path}`;
}

export function groupId(subscription: string, group: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}`;
}

/** Ids have no case. */
export function sameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
