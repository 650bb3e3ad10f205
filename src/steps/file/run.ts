import { posix } from 'node:path';
import { shellQuote } from '../../guest/ssh/shell-quote.ts';
import type { StepContext, StepResult } from '../step.ts';
import type { FileStep } from './file.ts';

/** Copies the file to its destination as the build user. The directory has to be there: AIB asks for it too. */
export async function runFile(step: FileStep, context: StepContext): Promise<StepResult> {
  const { guest, signal, emit } = context;
  const directory = posix.dirname(step.destination);
  const { exitCode } = await guest.run(`test -d ${shellQuote(directory)}`, { signal });
  if (exitCode !== 0) {
    const line = `The directory ${directory} does not exist in the image. Make it with a Shell step before this one.`;
    emit({ type: 'step-output', step: context.step, stream: 'stderr', line });
    return { exitCode: 1, restarting: false };
  }
  await guest.upload({ file: context.artifact(step.sourceUri).path }, step.destination, { mode: 0o644, signal });
  return { exitCode: 0, restarting: false };
}
