import type { Segment } from './json-document.ts';
import { isObject } from './names.ts';

export const RESOURCE_TYPE = 'Microsoft.VirtualMachineImages/imageTemplates';

/** The image template in a file, or why there is none. */
export type Found =
  | {
      readonly resource: Readonly<Record<string, unknown>>;
      /** From the top of the file to the resource. */
      readonly prefix: readonly Segment[];
      /** Whether the file is a deployment template, in which every string of the form `[...]` is an expression. */
      readonly deployment: boolean;
      readonly others: readonly { readonly path: readonly Segment[]; readonly name: string }[];
    }
  | { readonly problem: string; readonly path: readonly Segment[]; readonly value: unknown };

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
  const isTemplate = (one: unknown) => isObject(one) && typeOf(one) === RESOURCE_TYPE.toLowerCase();
  const [first, ...more] = entries.filter(([, one]) => isTemplate(one));
  if (first === undefined || !isObject(first[1])) {
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
  return { resource: first[1], prefix: [key, first[0]], deployment: true, others };
}

function single(file: Readonly<Record<string, unknown>>): Found {
  const type = member(file, 'type');
  if (type !== undefined && typeOf(file) !== RESOURCE_TYPE.toLowerCase()) {
    return { problem: `\`type\` must be \`${RESOURCE_TYPE}\`.`, path: ['type'], value: type[1] };
  }
  return { resource: file, prefix: [], deployment: false, others: [] };
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
