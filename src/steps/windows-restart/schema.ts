import { z } from 'zod';
import { stepName } from '../schema-fields.ts';
import type { WindowsRestartStep } from './windows-restart.ts';

const DEFAULT_RESTART_COMMAND = 'shutdown /r /f /t 0 /c "packer restart"';
const DEFAULT_RESTART_TIMEOUT = '5m';

/** Numbers with units, as Go writes a span of time: `5m`, `1h30m`, `0.5h`. */
export const DURATION = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** A WindowsRestart customizer as a template writes it. An empty string stands for the default. */
export const windowsRestartSchema = z
  .object({
    type: z.literal('WindowsRestart'),
    name: stepName,
    restartCommand: z.string().default(''),
    restartCheckCommand: z.string().default(''),
    restartTimeout: z
      .string()
      .refine(
        text => text === '' || (DURATION.test(text) && /[1-9]/.test(text)),
        'must be a number and a unit, `5m` or `2h`',
      )
      .default(''),
  })
  .transform(
    (given): WindowsRestartStep => ({
      ...given,
      restartCommand: given.restartCommand || DEFAULT_RESTART_COMMAND,
      restartTimeout: given.restartTimeout || DEFAULT_RESTART_TIMEOUT,
    }),
  );
