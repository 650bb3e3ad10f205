import { z } from 'zod';
import { always, sha256, stepName } from '../schema-fields.ts';
import { inline, oneScript, scriptUri } from '../script-schema.ts';
import type { PowerShellStep } from './powershell.ts';

/** A PowerShell customizer or validator as a template writes it. */
export const powerShellSchema = oneScript(
  z.object({
    type: z.literal('PowerShell'),
    name: stepName,
    scriptUri,
    inline,
    sha256Checksum: sha256,
    runElevated: z.boolean().default(false),
    runAsSystem: z.boolean().default(false),
    validExitCodes: z.array(z.int()).default([]),
  }),
)
  .refine(given => given.runAsSystem !== true || given.runElevated === true, {
    when: always,
    path: ['runAsSystem'],
    error: 'needs `runElevated`: only an elevated script can run as the system account',
  })
  .transform(
    (given): PowerShellStep => ({
      type: 'PowerShell',
      name: given.name,
      ...(given.scriptUri === '' ? { inline: given.inline } : { scriptUri: given.scriptUri }),
      sha256Checksum: given.sha256Checksum.toLowerCase(),
      runElevated: given.runElevated,
      runAsSystem: given.runAsSystem,
      // An empty list stands for the default, as it does for the service: no exit code would be success otherwise.
      validExitCodes: given.validExitCodes.length === 0 ? [0] : given.validExitCodes,
    }),
  );
