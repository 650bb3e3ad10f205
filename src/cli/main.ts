import { CommanderError } from 'commander';
import { userError } from '../build/user-error.ts';
import { isAbort } from '../errors/kiln-error.ts';
import { kilnHome } from '../home/kiln-home.ts';
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

/** Says what went wrong and returns the exit code. */
function explain(error: unknown): number {
  // Commander has already said it; its own code for wrong usage is 1, which here means a failed build.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (isAbort(error)) return 130;
  const said = userError(error, kilnHome().root);
  say(...errorLines(said.toJSON() as never));
  return said.exit;
}
