import { type Command, InvalidArgumentError, Option } from 'commander';
import { readDocument } from '../../template/parse.ts';
import { readTemplate } from '../read-template.ts';

/** What a command line gives for a deployment template. */
export interface DeploymentInput {
  readonly parameters: Readonly<Record<string, string>>;
  /** The parsed parameters file. */
  readonly parametersFile: unknown;
  /** Which of several image templates is meant. */
  readonly templateName: string | undefined;
}

export interface DeploymentOptions {
  readonly param: Readonly<Record<string, string>>;
  readonly parameters?: string;
  readonly templateName?: string;
}

export function addDeploymentOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--param <name=value>', 'a parameter of a deployment template; may be repeated')
        .argParser(addParameter)
        .default({}, 'none'),
    )
    .option('--parameters <file>', 'parameters file of a deployment template')
    .option('--template-name <name>', 'which image template of a deployment that holds several');
}

/** @throws KilnError `TemplateUnreadable`, `ValidationFailed` for the parameters file. */
export async function deploymentInput(options: DeploymentOptions): Promise<DeploymentInput> {
  const { param, parameters, templateName } = options;
  const file = parameters === undefined ? undefined : await readTemplate(parameters);
  return {
    parameters: param,
    parametersFile: file === undefined ? undefined : readDocument(file, { file: parameters ?? '' }).value,
    templateName,
  };
}

function addParameter(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('A parameter is written NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
