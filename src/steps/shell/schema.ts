import { z } from 'zod';
import { always, sha256, stepName, uri } from '../schema-fields.ts';
import type { ShellStep } from './shell.ts';

/** A Shell customizer or validator as a template writes it. Empty values count as absent, as they do for the service. */
export const shellSchema = z
  .object({
    type: z.literal('Shell'),
    name: stepName,
    scriptUri: uri.default(''),
    inline: z.array(z.string()).default([]),
    sha256Checksum: sha256,
  })
  .refine(given => isGiven(given.scriptUri) || isGiven(given.inline), {
    when: always,
    path: ['scriptUri'],
    error: 'is needed: a Shell step has either a `scriptUri` or `inline` commands',
  })
  .refine(given => !isGiven(given.scriptUri) || !isGiven(given.inline), {
    when: always,
    path: ['inline'],
    error: 'cannot stand beside `scriptUri`: a Shell step has one of the two',
  })
  .transform(
    (given): ShellStep => ({
      type: 'Shell',
      name: given.name,
      ...(given.scriptUri === '' ? { inline: given.inline } : { scriptUri: given.scriptUri }),
      sha256Checksum: given.sha256Checksum.toLowerCase(),
    }),
  );

/** Of a value that may have any type: other checks complain about wrong ones. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}
