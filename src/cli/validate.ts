import { loadSiteConfig, type SiteConfig } from '../config/site-config.ts';
import { deploymentError } from '../errors/deployments.ts';
import { type ErrorDetail, KilnError } from '../errors/kiln-error.ts';
import { printable } from '../events/printable.ts';
import { scrubber } from '../events/scrub.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { vmSize } from '../plan/vm-sizes.ts';
import { siteRegions } from '../store/regions.ts';
import type { JsonDocument } from '../template/json-document.ts';
import {
  type ParsedTemplate,
  type ParseOptions,
  parseResource,
  parseTemplate,
  readDocument,
} from '../template/parse.ts';
import type { PlaceholderDefaults } from '../template/placeholders.ts';
import { isDeployment } from '../template/resource-in-file.ts';
import { NEWEST_VERSION } from '../template/versions.ts';
import type { DeclaredResource } from './deployment/declared-resource.ts';
import type { DeploymentInput } from './deployment/deployment-input.ts';
import { missingDependsOn } from './deployment/missing-depends-on.ts';
import { type Deployment, readDeployment } from './deployment/read-deployment.ts';
import { homeLookUp } from './deployment/store-look-up.ts';
import { type PlaceInFile, placed, placeInFile } from './place-in-file.ts';
import { readTemplate } from './read-template.ts';
import { templateName } from './template-name.ts';

/** A template file, read and checked. */
export interface CheckedTemplate extends ParsedTemplate {
  /** The text of the file. */
  readonly text: string;
  /** What a deployment template holds besides, to be made before the build. */
  readonly declared: readonly DeclaredResource[];
  /** Outputs of the deployment template, once the image is built; `undefined` for a file that is none. */
  readonly outputs: Deployment['outputs'] | undefined;
  /** Where in the file the problems are that are found later. */
  readonly place: PlaceInFile;
  /** Texts that may not be shown or logged. */
  readonly secrets: ReadonlySet<string>;
}

/**
 * Reads a template file, an image template or a deployment template that holds one, and checks all that can be known from it
 * alone: its language, and its VM size.
 *
 * @param strict whether the template has to say what the service wants to be said
 * @throws KilnError `TemplateUnreadable`, `ValidationFailed`, `UnknownVmSize`, `UnsupportedVmSize`, `NotADeployment`, those of
 *   `readDeployment`
 */
export async function checkTemplateFile(
  file: string,
  input: DeploymentInput,
  strict = false,
): Promise<CheckedTemplate> {
  const text = await readTemplate(file);
  const home = kilnHome();
  const config = loadSiteConfig(home);
  const knownRegions = await siteRegions(home.regions, config.regions);
  const options: ParseOptions = {
    file,
    placeholders: placeholdersOf(file, config, knownRegions),
    knownRegions,
    defaultVersion: NEWEST_VERSION,
    identity: strict ? 'assigned' : 'optional',
  };
  const document = readDocument(text, options);
  const checked = isDeployment(document.value)
    ? await fromDeployment(file, text, document, input, options)
    : { ...parseTemplate(text, options), ...plain(text, document) };
  if (!isDeployment(document.value) && isGiven(input)) throw deploymentError('NotADeployment', { file });
  const size = checked.template.vmProfile.vmSize;
  try {
    if (size !== '') vmSize(size);
  } catch (error) {
    throw error instanceof KilnError ? placed(error, checked.place) : error;
  }
  return checked;
}

/** What there is of a file that is no deployment template. */
function plain(text: string, document: JsonDocument): Omit<CheckedTemplate, keyof ParsedTemplate> {
  return { text, declared: [], outputs: undefined, place: placeInFile(document, []), secrets: new Set() };
}

async function fromDeployment(
  file: string,
  text: string,
  document: JsonDocument,
  input: DeploymentInput,
  options: ParseOptions,
): Promise<CheckedTemplate> {
  const home = kilnHome();
  const config = loadSiteConfig(home);
  const deployment = await readDeployment(file, document, input, config, homeLookUp(home, config));
  const { declared, outputs, secrets } = deployment;
  const parsed = parseResource(document, deployment.resource, deployment.path, options);
  return {
    ...parsed,
    warnings: [...deployment.warnings, ...parsed.warnings, ...missingDependsOn(deployment, parsed.template, document)],
    text,
    declared,
    outputs,
    place: placeInFile(document, deployment.path),
    secrets,
  };
}

function isGiven({ parameters, parametersFile, templateName }: DeploymentInput): boolean {
  return Object.keys(parameters).length > 0 || parametersFile !== undefined || templateName !== undefined;
}

/** What the site's configuration says where a template leaves a name to its reader; the service never guesses. */
function placeholdersOf(file: string, config: SiteConfig, regions: readonly string[]): PlaceholderDefaults {
  const { subscription, resourceGroup, gallery, location, placeholders } = config;
  const name = templateName(file);
  const others = Object.entries(placeholders).map(([words, value]) => [words.toLowerCase(), value]);
  return {
    ...{ subscription, resourceGroup, gallery, location, imageDefinition: name, name },
    otherLocation: [...regions, 'westus2', 'eastus'].find(region => region !== location) ?? location,
    others: Object.fromEntries(others),
  };
}

/**
 * One line for each problem, `file:line:column: error: message (path)`, as compilers write it and editors read it.
 *
 * @param problems an error of `checkTemplateFile`, or warnings
 */
export function renderProblems(problems: KilnError | readonly ErrorDetail[], file: string): string[] {
  if (!(problems instanceof KilnError)) return problems.map(one => renderProblem(one, file));
  if (problems.details.length > 0) return problems.details.map(one => renderProblem(one, file));
  const { code, message, target } = problems;
  return [renderProblem({ code, message, ...(target === undefined ? {} : { target }) }, file)];
}

function renderProblem(problem: ErrorDetail, file: string): string {
  const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  const path = problem.target === undefined || problem.target === '' ? '' : ` (${problem.target})`;
  return printable(scrubber()(`${place}: ${problem.severity ?? 'error'}: ${problem.message}${path}`));
}
