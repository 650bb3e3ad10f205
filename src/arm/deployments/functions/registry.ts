import { Failure, unsupported } from '../failure.ts';
import { arrayFunctions } from './arrays.ts';
import type { BuiltIn, Functions } from './call.ts';
import { dateFunctions } from './dates.ts';
import { deploymentFunctions } from './deployment.ts';
import { encodingFunctions } from './encodings.ts';
import { lambdaFunctions } from './lambdas.ts';
import { logicFunctions } from './logic.ts';
import { numberFunctions } from './numbers.ts';
import { objectFunctions } from './objects.ts';
import { refusal } from './refused.ts';
import { resourceFunctions } from './resources.ts';
import { sequenceFunctions } from './sequences.ts';
import { stringFunctions } from './strings.ts';

/** Every function that Kiln has, by its name as the documentation writes it. */
const FUNCTIONS: Functions = {
  ...arrayFunctions,
  ...dateFunctions,
  ...deploymentFunctions,
  ...encodingFunctions,
  ...lambdaFunctions,
  ...logicFunctions,
  ...numberFunctions,
  ...objectFunctions,
  ...resourceFunctions,
  ...sequenceFunctions,
  ...stringFunctions,
};

/** Names of functions as the documentation writes them. */
export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);

const BY_NAME = new Map(Object.entries(FUNCTIONS).map(([name, one]) => [name.toLowerCase(), one]));

export function builtIn(name: string): BuiltIn | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** The failure for a name that no function has, with the reason where Resource Manager has such a function. */
export function missingFunction(name: string): Failure {
  const reason = refusal(name);
  if (reason !== undefined) return unsupported(`The template function '${name}' can't be used here: ${reason}.`);
  return new Failure(
    `The template function '${name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
  );
}
