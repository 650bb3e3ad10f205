import { KilnError } from '../../errors/kiln-error.ts';
import { type DeploymentOptions, evaluateDeployment } from './evaluate-deployment.ts';
import type { EvaluatedDeployment } from './evaluated.ts';
import { isObject } from './json-value.ts';

export const SUBSCRIPTION = '6f3c1c1e-9d7a-4f0e-8a44-0d0c6a5d1b11';
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;

/** A deployment template with the given parts. */
export function template(parts: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
    ...parts,
  };
}

/** A resource of a type with one segment, with the given parts. */
export function resource(
  name: string,
  parts: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { type: 'Test.Kiln/things', apiVersion: '2024-01-01', name, properties: {}, ...parts };
}

export function thingId(name: string): string {
  return `${GROUP}/providers/Test.Kiln/things/${name}`;
}

export function evaluated(document: unknown, options: Partial<DeploymentOptions> = {}): EvaluatedDeployment {
  return evaluateDeployment(document, {
    parameters: {},
    subscription: { id: SUBSCRIPTION, tenantId: 'e0ad1b7e-3f53-4f0f-9d57-6f6f8d1e2c22', displayName: 'local' },
    resourceGroup: { name: 'images', location: 'westus2', id: GROUP, tags: { owner: 'team' } },
    deploymentName: 'main',
    now: new Date('2024-05-06T07:08:09.123Z'),
    newGuid: () => '0b7b9c0e-6a39-4c9f-8f0d-3f6f1f0a2d33',
    existing: () => undefined,
    ...options,
  });
}

/** The error for users; anything else that is thrown, or a success, fails the test. */
export function refused(document: unknown, options: Partial<DeploymentOptions> = {}): KilnError {
  try {
    evaluated(document, options);
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
  throw new Error('the template was accepted');
}

/** The value of one expression, evaluated as an output of a template with the given other parts. */
export function valueOfExpression(expression: string, parts: Readonly<Record<string, unknown>> = {}): unknown {
  const value = { value: `[createObject('it', ${expression})]`, type: 'object' };
  const output = evaluated(template({ ...parts, outputs: { out: value } })).outputs(() => undefined)['out'];
  return output === undefined || !isObject(output.value) ? undefined : output.value['it'];
}
