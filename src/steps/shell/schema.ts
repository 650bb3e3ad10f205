import { z } from 'zod';
import { sha256, stepName } from '../schema-fields.ts';
import { inline, oneScript, scriptUri } from '../script-schema.ts';
import type { ShellStep } from './shell.ts';

/** A Shell customizer or validator as a template writes it. */
export const shellSchema = oneScript(
  z.object({ type: z.literal('Shell'), name: stepName, scriptUri, inline, sha256Checksum: sha256 }),
).transform(
  (given): ShellStep => ({
    type: 'Shell',
    name: given.name,
    ...(given.scriptUri === '' ? { inline: given.inline } : { scriptUri: given.scriptUri }),
    sha256Checksum: given.sha256Checksum.toLowerCase(),
  }),
);
