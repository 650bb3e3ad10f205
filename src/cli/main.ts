import { CommanderError } from 'commander';
import { userError } from '../build/user-error.ts';
import { commandLineError } from '../errors/command-line.ts';
import { isAbort } from '../errors/kiln-error.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { printErrorDocument } from './error-document.ts';
import { say } from './output.ts';
import { program } from './program.ts';
import { errorLines } from './render/wording.ts';

// Whoever reads the output may leave before its end; that must not end a build.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// What Kiln writes in its home is read by tools that run as another user; what is secret is made 0600 by name.
process.umask(0o022);

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Says what went wrong, as a document too when the command is to print one, and returns the exit code. */
function explain(error: unknown): number {
  // Commander has already said it; its own code for wrong usage is 1, which here means a failed build.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    printErrorDocument(commandLineError('WrongUsage', { problem: error.message.replace(/^error: /, '') }));
    return 2;
  }
  if (isAbort(error)) {
    printErrorDocument(commandLineError('CommandCanceled', {}));
    return 130;
  }
  const said = userError(error, kilnHome().root);
  printErrorDocument(said);
  say(...errorLines(said.toJSON() as never));
  return said.exit;
}
