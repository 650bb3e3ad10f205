import { KilnError } from '../errors/kiln-error.ts';
import { type DeploymentOptions, deploymentInput } from './deployment/deployment-input.ts';
import { say } from './output.ts';
import { type CheckedTemplate, checkTemplateFile, renderProblems } from './validate.ts';

/** What a command line says of how a template is read. */
export interface LoadOptions extends DeploymentOptions {
  readonly output: 'text' | 'json';
  readonly strict?: boolean;
}

/**
 * Reads a template for a command. Its warnings go to stderr; so do its problems, each on a line with its place in the
 * file, before the error that counts them. For a document the error has them all itself.
 *
 * @throws KilnError those of `checkTemplateFile`
 */
export async function loadTemplate(file: string, options: LoadOptions): Promise<CheckedTemplate> {
  // Problems of the parameters file are none of the template.
  const input = await deploymentInput(options);
  try {
    const parsed = await checkTemplateFile(file, input, options.strict ?? false);
    for (const text of renderProblems(parsed.warnings, file)) say({ tone: 'warning', text });
    return parsed;
  } catch (error) {
    if (options.output === 'json' || !(error instanceof KilnError) || error.details.length === 0) throw error;
    for (const detail of error.details) {
      for (const text of renderProblems([detail], file)) say({ tone: detail.severity ?? 'bad', text });
    }
    const count = error.details.filter(({ severity }) => severity === undefined).length;
    const summary = `${file} has ${count === 1 ? 'a problem' : `${count} problems`}.`;
    // The service's own sentence for the first of them: what its users and their scripts look for.
    const first = error.message.replace(/ \(\d+ more in `details`\.\)$/, '');
    throw new KilnError(error.code, error.exit, `${first} ${summary}`, error.todo, { cause: error });
  }
}
