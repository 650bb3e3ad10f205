import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** What ends a command before it has done its work, for readers of its JSON document. */
export const commandLineErrors = kinds({
  WrongUsage: {
    exit: 2,
    summary:
      'A command with `--output json` was called with an option or argument that it does not have, or without one that it needs.',
    message: p => p.problem,
    todo: () => 'Add `--help` to the command to see how it is used.',
  } satisfies ErrorKind<{ problem: string }>,
  CommandCanceled: {
    exit: 130,
    summary: 'A command with `--output json` was stopped by Ctrl-C or SIGTERM. A run has `BuildCanceled`.',
    message: () => 'The command was canceled.',
    todo: () => 'Run it again when you like.',
  } satisfies ErrorKind<Record<string, never>>,
});

export const commandLineError = thrower(commandLineErrors);
