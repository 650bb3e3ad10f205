import type { z } from 'zod';
import type { EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import { deploymentError } from '../../errors/deployments.ts';
import { type ErrorDetail, KilnError } from '../../errors/kiln-error.ts';
import { printable } from '../../events/printable.ts';
import { type ArmResource, definitionResource, galleryResource } from '../../galleries/arm-resource.ts';
import {
  type Declaration,
  declareDefinition,
  declareGallery,
  definitionRow,
  galleryRow,
} from '../../galleries/declare.ts';
import { definitionBody, galleryBody, idleProperties } from '../../galleries/declared-body.ts';
import type { JsonDocument } from '../../template/json-document.ts';

/** A resource that stands beside the image template in a deployment, and that the build makes first. */
export interface DeclaredResource extends Declaration {
  readonly type: string;
  readonly id: string;
  readonly path: EvaluatedResource['path'];
  /** As it will be shown. */
  readonly resource: ArmResource;
  readonly warnings: readonly ErrorDetail[];
}

type Made = Pick<DeclaredResource, 'create' | 'resource'> & { readonly idle: readonly string[] };
type Maker = (evaluated: EvaluatedResource, body: unknown, document: JsonDocument) => Made;

/** What an id of Azure Resource Manager may hold. */
const NAME = /^[\w.()-]{1,90}$/;

/** Types that Kiln makes, lower case. */
const MADE: Readonly<Record<string, Maker>> = {
  'microsoft.compute/galleries': (evaluated, body, document) => {
    const { subscription, resourceGroup, name } = partsOf(evaluated);
    const id = { subscription, resourceGroup, gallery: name };
    const declared = { ...read(galleryBody, evaluated, body, document), id };
    return {
      create: (store, emit) => declareGallery(store, declared, { strict: false, emit }),
      resource: galleryResource(galleryRow(declared)),
      idle: idleProperties('gallery', body),
    };
  },
  'microsoft.compute/galleries/images': (evaluated, body, document) => {
    const { subscription, resourceGroup, name } = partsOf(evaluated);
    const [gallery = '', definition = ''] = name.split('/');
    const id = { subscription, resourceGroup, gallery, definition };
    const declared = { ...read(definitionBody, evaluated, body, document), id };
    return {
      create: (store, emit) => declareDefinition(store, declared, { strict: false, emit }),
      resource: definitionResource(definitionRow(declared), evaluated),
      idle: idleProperties('definition', body),
    };
  },
};

/** Whether resources of that type are made, whatever its case. */
export function isMade(type: string): boolean {
  return Object.hasOwn(MADE, type.toLowerCase());
}

/** @throws KilnError `InvalidTemplate` when the resource is not as its type has to be. */
export function declared(
  evaluated: EvaluatedResource,
  body: unknown,
  document: JsonDocument,
): DeclaredResource | undefined {
  const { type, id, path, name } = evaluated;
  const make = isMade(type) ? MADE[type.toLowerCase()] : undefined;
  if (make === undefined) return undefined;
  if (!name.split('/').every(part => NAME.test(part))) {
    const first = `The name '${printable(name)}' of a '${type}' may have letters, digits, '_', '.', '(', ')' and '-'.`;
    throw deploymentError('InvalidTemplate', { first, more: 0 }, { target: showPath(path) });
  }
  const { create, resource, idle } = make(evaluated, body, document);
  const warnings = idle.map(property => {
    const at = [...path, 'properties', property];
    const message = `\`${property}\` of a \`${type}\` has no effect here, and is not kept.`;
    return { code: 'NoEffect', message, target: showPath(at), severity: 'warning' as const, ...document.locate(at) };
  });
  const made: Declaration['create'] = async (store, emit) => {
    try {
      await create(store, emit);
    } catch (error) {
      throw error instanceof KilnError ? inDeployment(error, path, document) : error;
    }
  };
  return { type, id, path, resource, warnings, create: made };
}

/** The error with its place in the deployment: a path below the image template it has not. */
function inDeployment(error: KilnError, path: EvaluatedResource['path'], document: JsonDocument): KilnError {
  const { code, message } = error;
  return error.with({ details: [{ code, message, target: showPath(path), ...document.locate(path) }] });
}

function read<T>(schema: z.ZodType<T>, evaluated: EvaluatedResource, body: unknown, document: JsonDocument): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const details = result.error.issues.map(issue => {
    const below = issue.path.map(part => (typeof part === 'number' ? part : String(part)));
    const path = [...evaluated.path, ...below];
    const target = showPath(path);
    return { code: 'InvalidTemplate', message: `${target}: ${issue.message}`, target, ...document.locate(path) };
  });
  const first = details[0]?.message ?? 'it is not valid';
  throw deploymentError('InvalidTemplate', { first, more: details.length - 1 }, { details });
}

function partsOf({ id, name }: EvaluatedResource) {
  const [, subscription = '', resourceGroup = ''] =
    /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(id) ?? [];
  return { subscription, resourceGroup, name };
}
