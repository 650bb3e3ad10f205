import type { z } from 'zod';
import { fileSchema } from './file/schema.ts';
import { powerShellSchema } from './powershell/schema.ts';
import type { Customizer, Validator } from './registry.ts';
import { shellSchema } from './shell/schema.ts';
import { windowsRestartSchema } from './windows-restart/schema.ts';
import { windowsUpdateSchema } from './windows-update/schema.ts';

/** What the language knows of each type of customizer, by the template's `type`. */
export const customizerSchemas: Readonly<Record<Customizer['type'], z.ZodType<Customizer>>> = {
  Shell: shellSchema,
  PowerShell: powerShellSchema,
  WindowsRestart: windowsRestartSchema,
  WindowsUpdate: windowsUpdateSchema,
  File: fileSchema,
};

/** The same for validators: not every customizer can validate. */
export const validatorSchemas: Readonly<Record<Validator['type'], z.ZodType<Validator>>> = {
  Shell: shellSchema,
  PowerShell: powerShellSchema,
  File: fileSchema,
};
