import type { StepFailure } from '../step.ts';
import type { ShellStep } from './shell.ts';

/** What shells write before a message of their own about one of our scripts. */
const SHELL_MESSAGE = /^\/tmp\/kiln-[0-9a-f-]+\.sh: (?:line )?(\d+): /;

/**
 * Where in the script it went wrong, as far as the shell itself said so. A command that fails in silence leaves no
 * line: asking the shell for one (tracing, traps) would change what the script does.
 */
export function locateShellFailure(step: ShellStep, output: readonly string[]): StepFailure {
  const found = output.map(text => SHELL_MESSAGE.exec(text)?.[1]).findLast(text => text !== undefined);
  if (found === undefined) return { line: undefined, path: '' };
  const line = Number(found);
  return { line, path: inlineElement(step.inline ?? [], line) };
}

/** The element of `inline` that a line of the script came from; line 1 is the `#!` that Kiln puts there. */
function inlineElement(inline: readonly string[], line: number): string {
  let last = 1;
  for (const [i, element] of inline.entries()) {
    last += element.split('\n').length;
    if (line > 1 && line <= last) return `.inline[${i}]`;
  }
  return '';
}
