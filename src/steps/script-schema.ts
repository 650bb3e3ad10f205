import { z } from 'zod';
import { always, uri } from './schema-fields.ts';

export const scriptUri = uri.default('');
export const inline = z.array(z.string()).default([]);

interface Given {
  readonly type: string;
  readonly scriptUri: string;
  readonly inline: readonly string[];
}

/** Adds the rule that a step has exactly one of `scriptUri` and `inline`. Empty values count as absent, as they do for the service. */
export function oneScript<Out extends Given, In>(schema: z.ZodType<Out, In>): z.ZodType<Out, In> {
  return schema
    .refine(given => isGiven(given.scriptUri) || isGiven(given.inline), {
      when: always,
      path: ['scriptUri'],
      error: 'is needed: a script step has either a `scriptUri` or `inline` commands',
    })
    .refine(given => !isGiven(given.scriptUri) || !isGiven(given.inline), {
      when: always,
      path: ['inline'],
      error: 'cannot stand beside `scriptUri`: a script step has one of the two',
    });
}

/** Of a value that may have any type: other checks complain about wrong ones. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}
