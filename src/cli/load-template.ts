import { KilnError } from '../errors/kiln-error.ts';
import type { ParsedTemplate } from '../template/parse.ts';
import { say } from './output.ts';
import { renderProblems, sitePlaceholders, validateTemplateFile } from './validate.ts';

/**
 * Reads a template for a command. Its warnings go to stderr; so do its problems, each on a line with its place in the
 * file, before the error that counts them.
 *
 * @throws KilnError `TemplateUnreadable`, `TemplateInvalid`, `UnknownVmSize`, `UnsupportedVmSize`
 */
export async function loadTemplate(file: string): Promise<ParsedTemplate> {
  try {
    const parsed = await validateTemplateFile(file, sitePlaceholders(file));
    for (const text of renderProblems(parsed.warnings, file)) say({ tone: 'warning', text });
    return parsed;
  } catch (error) {
    if (!(error instanceof KilnError) || error.details.length === 0) throw error;
    for (const detail of error.details) {
      for (const text of renderProblems([detail], file)) say({ tone: detail.severity ?? 'bad', text });
    }
    const count = error.details.filter(({ severity }) => severity === undefined).length;
    const message = `${file} has ${count === 1 ? 'a problem' : `${count} problems`}.`;
    throw new KilnError(error.code, error.exit, message, error.todo, { cause: error });
  }
}
