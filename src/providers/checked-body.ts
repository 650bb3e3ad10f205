import type { z } from 'zod';
import { armError } from '../errors/arm.ts';

/** How many problems an error tells: its size is not the client's to choose. */
const MOST_PROBLEMS = 100;

/**
 * A body, or a part of one, as its type has to be.
 *
 * @throws KilnError `InvalidParameter` with the path of the first problem, and the first hundred in its details.
 */
export function checkedBody<T>(schema: z.ZodType<T>, value: unknown, within: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, MOST_PROBLEMS).map(({ path, message }) => {
    return { name: [...within, ...path].join('.') || '(the body)', reason: message.replace(/\.$/, '') };
  });
  const [first = { name: '(the body)', reason: 'it is not valid' }] = problems;
  const details = problems.map(problem => {
    return { code: 'InvalidParameter', message: armError('InvalidParameter', problem).message, target: problem.name };
  });
  throw armError('InvalidParameter', first, { target: first.name, details });
}

/** @throws KilnError `InvalidParameter` for the first of these properties that a body has: none of them can be had here. */
export function refuseProperties(
  properties: unknown,
  refused: Readonly<Record<string, string>>,
  within = 'properties',
): void {
  if (typeof properties !== 'object' || properties === null) return;
  for (const [name, value] of Object.entries(properties)) {
    const reason = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (reason === undefined || value === null || value === undefined) continue;
    throw armError('InvalidParameter', { name: `${within}.${name}`, reason }, { target: `${within}.${name}` });
  }
}
