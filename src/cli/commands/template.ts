import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { hostCapacity } from '../../build/stages/resolve.ts';
import { checkStaging } from '../../build/staging.ts';
import { checkPlaces, checkTargets } from '../../distributors/check-targets.ts';
import { Attempts } from '../../errors/attempts.ts';
import { type ErrorDetail, KilnError } from '../../errors/kiln-error.ts';
import { checkFeatures, checkSourceSystem, checkSteps, systemByName } from '../../plan/feasible.ts';
import { planMachine } from '../../plan/machine.ts';
import { artifactNeeds, makePlan, outlinePlan, type Plan, planHash } from '../../plan/plan.ts';
import type { FetchedArtifact } from '../../steps/step.ts';
import { workHolder } from '../../store/pins.ts';
import type { ImageTemplate } from '../../template/model.ts';
import { allowDirOption } from '../allow-dir.ts';
import { addDeploymentOptions, type DeploymentOptions, deploymentInput } from '../deployment/deployment-input.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadTemplate } from '../load-template.ts';
import { data, json, say, warn } from '../output.ts';
import { type PlaceInFile, placed } from '../place-in-file.ts';
import { type PlanWithoutSource, renderPlan } from '../plan-view.ts';
import { templateDirectories, withServices } from '../services.ts';
import { type CheckedTemplate, checkTemplateFile, renderProblems } from '../validate.ts';

interface Options extends DeploymentOptions {
  readonly offline?: boolean;
  readonly output: 'text' | 'json';
  readonly strict?: boolean;
  readonly allowDir: readonly string[];
}

const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');

export function addTemplate(program: Command): void {
  const validating = program
    .command('validate')
    .description(
      'Checks a template: its language and rules, its scripts and files, its source, which is got first when it is not here, and its targets.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .option('--offline', 'language and rules only')
    .option('--strict', 'a missing resource group, gallery, definition or identity is an error, as in the service')
    .addOption(allowDirOption())
    .addOption(output());
  addDeploymentOptions(validating).action(validate);
  const planning = program
    .command('plan')
    .description(
      'Shows what a build would do: source and digests, machine, steps, what would be published. Boots nothing but a source image that has to be made first.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .option('--strict', 'a missing resource group, gallery, definition or identity is an error, as in the service')
    .addOption(allowDirOption())
    .addOption(output());
  addDeploymentOptions(planning).action(plan);
}

async function validate(file: string, options: Options): Promise<void> {
  try {
    const { template, declared, warnings, place } = await (options.output === 'json'
      ? checkTemplateFile(file, await deploymentInput(options), options.strict ?? false)
      : loadTemplate(file, options));
    const later = options.offline
      ? await obstaclesOf(file, template, place)
      : await resolved(file, { template, declared, place }, options).then(({ plan, obstacles }) => [
          ...obstacles,
          ...plan.warnings,
        ]);
    if (options.output === 'json') json({ valid: true, warnings: [...warnings, ...later] });
    else say({ tone: 'good', text: `${file} is valid.` });
  } catch (error) {
    if (options.output === 'json' && error instanceof KilnError) {
      json({ valid: false, error });
      process.exitCode = error.exit;
      return;
    }
    throw error;
  }
}

async function plan(file: string, options: Options): Promise<void> {
  const { template, declared, place } = await loadTemplate(file, options);
  const { plan: made, obstacles } = await resolved(file, { template, declared, place }, options);
  const before = declared.map(({ type, id }) => ({ type, id }));
  if (options.output === 'json')
    json({ hash: made.source === null ? null : planHash(made), ...made, declared: before, obstacles });
  else data(renderPlan(made, before));
}

interface Resolved {
  readonly plan: Plan | PlanWithoutSource;
  /** What a valid template asks for and no build of this version can give: the reasons why `kiln build` would refuse it. */
  readonly obstacles: readonly ErrorDetail[];
}

/** The plan of a template, with everything that can be known without a machine checked on the way. */
async function resolved(
  file: string,
  { template, declared, place }: Pick<CheckedTemplate, 'template' | 'declared' | 'place'>,
  options: Options,
): Promise<Resolved> {
  const signal = interruptSignal();
  const strict = options.strict ?? false;
  return withServices(templateDirectories(file, options.allowDir), async services => {
    const scratch = join(services.home.downloads, `plan-${process.pid}`);
    const holder = workHolder();
    const { location } = template;
    try {
      const [attempts, feasible] = [new Attempts(), new Attempts()];
      await feasible.try(() => checkFeatures(template));
      await attempts.try(() => checkStaging(template, strict, services));
      const fetched = new Map<string, FetchedArtifact>();
      for (const need of artifactNeeds(template)) {
        const artifact = await attempts.try(() => services.fetchArtifact(need, scratch, { emit: warn, signal }));
        if (artifact !== undefined) fetched.set(need.uri, artifact);
      }
      const known = systemByName(template.source);
      const source = await attempts.try(async () => {
        if (template.source.type === 'ISO') return undefined;
        try {
          return await services.resolveSource(template.source, { emit: warn, signal, holder, location, strict });
        } catch (error) {
          // No catalogue has such images. The rest of the template can be judged all the same.
          if (known?.os === 'Windows' && error instanceof KilnError && error.code === 'BadPIRSource') return undefined;
          throw error;
        }
      }, 'properties.source');
      const system = source ?? known;
      if (system !== undefined) {
        await attempts.try(() => checkSteps(template, system));
        await feasible.try(() => checkSourceSystem(system));
      }
      if (source !== undefined) {
        await attempts.try(() => void planMachine(template, source, hostCapacity()));
        const image = { ...source, sourceVersion: source.exactVersion };
        const targets = targetsOf(template);
        await attempts.try(() => checkTargets(targets, image, services.store, { strict, location, declared }));
      } else {
        await attempts.try(() => checkPlaces(targetsOf(template)));
      }
      endAt(attempts, place);
      const obstacles = asWarnings(feasible, place);
      if (system === undefined) throw new Error('the source has neither been resolved nor refused');
      const made =
        source === undefined
          ? planWithoutSource(template, system.exactName, fetched)
          : makePlan(template, { source, artifacts: fetched, host: hostCapacity() });
      const warnings = place(made.warnings);
      for (const text of renderProblems([...obstacles, ...warnings], file)) say({ tone: 'warning', text });
      return { plan: { ...made, warnings }, obstacles };
    } finally {
      await services.releaseSource(holder);
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/** What the template alone says of the obstacles to its build, once it is checked that its targets have places of their own. */
async function obstaclesOf(file: string, template: ImageTemplate, place: PlaceInFile): Promise<readonly ErrorDetail[]> {
  const [attempts, feasible] = [new Attempts(), new Attempts()];
  await feasible.try(() => checkFeatures(template));
  await attempts.try(() => checkPlaces(targetsOf(template)));
  endAt(attempts, place);
  const obstacles = asWarnings(feasible, place);
  for (const text of renderProblems(obstacles, file)) say({ tone: 'warning', text });
  return obstacles;
}

function targetsOf({ validate, distribute }: ImageTemplate): ImageTemplate['distribute'] {
  return validate.sourceValidationOnly ? [] : distribute;
}

/** @throws KilnError what failed, with its places in the file. */
function endAt(attempts: Attempts, place: PlaceInFile): void {
  try {
    attempts.end();
  } catch (error) {
    throw error instanceof KilnError ? placed(error, place) : error;
  }
}

function asWarnings(feasible: Attempts, place: PlaceInFile): readonly ErrorDetail[] {
  return place(feasible.details).map(one => ({ ...one, severity: 'warning' }) as const);
}

function planWithoutSource(
  template: ImageTemplate,
  sourceName: string,
  artifacts: ReadonlyMap<string, FetchedArtifact>,
): PlanWithoutSource {
  const nothing = { source: null, machine: null, notes: [], warnings: [] } as const;
  return { ...outlinePlan(template, artifacts), ...nothing, sourceName };
}
