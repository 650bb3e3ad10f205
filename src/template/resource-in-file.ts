import { nearest } from './did-you-mean.ts';
import type { Segment } from './json-document.ts';
import { isObject } from './names.ts';

export const RESOURCE_TYPE = 'Microsoft.VirtualMachineImages/imageTemplates';

/** What samples have in its place. It works on Azure where a command or a URL states the type besides. */
const PROVIDER = 'Microsoft.VirtualMachineImages';

/** What a file's texts may hold besides text: the escapes and expressions of a deployment template, or nothing any more. */
export type Language = 'resource' | 'deployment' | 'values';

export interface FoundResource {
  readonly resource: Readonly<Record<string, unknown>>;
  /** From the top of the file to the resource. */
  readonly prefix: readonly Segment[];
  readonly language: Language;
  readonly others: readonly { readonly path: readonly Segment[]; readonly name: string }[];
  /** The resource's `type`, when it is another: the rest can be judged all the same. */
  readonly wrongType?: { readonly value: unknown; readonly message: string; readonly tolerable: boolean };
}

/** The image template in a file, or why there is none. */
export type Found =
  | FoundResource
  | { readonly problem: string; readonly path: readonly Segment[]; readonly value: unknown };

/** Whether a file is a deployment template: the resources are listed in it, and it has no properties of its own. */
export function isDeployment(file: unknown): file is Readonly<Record<string, unknown>> {
  return isObject(file) && member(file, 'resources') !== undefined && member(file, 'properties') === undefined;
}

/** Finds the resource in what a user may have: the resource alone, or a deployment template that holds just one. */
export function findResource(file: unknown): Found {
  if (!isObject(file)) {
    return { problem: 'The file must hold a JSON object: an image template.', path: [], value: file };
  }
  const listed = member(file, 'resources');
  if (listed === undefined || member(file, 'properties') !== undefined) return single(file);

  // The newer language of deployment templates has named resources: an object instead of an array.
  const [key, resources] = listed;
  const entries: [Segment, unknown][] = Array.isArray(resources)
    ? resources.map((one, i) => [i, one])
    : isObject(resources)
      ? Object.entries(resources)
      : [];
  const isTemplate = (one: unknown) => isObject(one) && isType(typeOf(one), RESOURCE_TYPE);
  const [first, ...more] = entries.filter(([, one]) => isTemplate(one));
  if (first === undefined || !isObject(first[1])) {
    const [only] = entries;
    const alone = entries.length === 1 && isObject(only?.[1]) ? only : undefined;
    if (alone !== undefined && isObject(alone[1]) && nearest(typeOf(alone[1]), [RESOURCE_TYPE]) !== undefined) {
      return { ...single(alone[1]), prefix: [key, alone[0]], language: 'deployment' };
    }
    const problem = `The deployment template holds no resource of the type \`${RESOURCE_TYPE}\`.`;
    return { problem, path: [key], value: resources };
  }
  if (more.length > 0) {
    const problem = `The deployment template holds ${more.length + 1} image templates. Keep one per file.`;
    return { problem, path: [key], value: resources };
  }
  const others = entries
    .filter(([, one]) => !isTemplate(one))
    .map(([segment, one]) => ({ path: [key, segment], name: describe(one) }));
  return { resource: first[1], prefix: [key, first[0]], language: 'deployment', others };
}

function single(file: Readonly<Record<string, unknown>>): FoundResource {
  const type = member(file, 'type');
  const found: FoundResource = { resource: file, prefix: [], language: 'resource', others: [] };
  if (type === undefined || isType(typeOf(file), RESOURCE_TYPE)) return found;
  const tolerable = isType(typeOf(file), PROVIDER);
  const message = `\`type\` must be \`${RESOURCE_TYPE}\`.${tolerable ? ' It is read as that.' : ''}`;
  return { ...found, wrongType: { value: type[1], message, tolerable } };
}

function isType(lowerCase: string, type: string): boolean {
  return lowerCase === type.toLowerCase();
}

/** Resource Manager's own names have no case. */
function member(object: Readonly<Record<string, unknown>>, name: string): [string, unknown] | undefined {
  return Object.entries(object).find(([key]) => key.toLowerCase() === name.toLowerCase());
}

function typeOf(resource: Readonly<Record<string, unknown>>): string {
  const type = member(resource, 'type')?.[1];
  return typeof type === 'string' ? type.toLowerCase() : '';
}

function describe(resource: unknown): string {
  const type = isObject(resource) ? member(resource, 'type')?.[1] : undefined;
  return typeof type === 'string' ? type : 'without a type';
}
