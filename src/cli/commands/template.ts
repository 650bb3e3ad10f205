import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { hostCapacity } from '../../build/stages/resolve.ts';
import { checkStaging } from '../../build/staging.ts';
import { checkTargets } from '../../distributors/check-targets.ts';
import { Attempts } from '../../errors/attempts.ts';
import { type ErrorDetail, KilnError } from '../../errors/kiln-error.ts';
import { checkFeatures, checkSourceSystem, checkStepTypes } from '../../plan/feasible.ts';
import { planMachine } from '../../plan/machine.ts';
import { artifactNeeds, makePlan, type Plan, planHash } from '../../plan/plan.ts';
import type { FetchedArtifact } from '../../steps/step.ts';
import { workHolder } from '../../store/pins.ts';
import type { ImageTemplate } from '../../template/model.ts';
import { allowDirOption } from '../allow-dir.ts';
import { addDeploymentOptions, type DeploymentOptions, deploymentInput } from '../deployment/deployment-input.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadTemplate } from '../load-template.ts';
import { data, json, say, warn } from '../output.ts';
import { type PlaceInFile, placed } from '../place-in-file.ts';
import { renderPlan } from '../plan-view.ts';
import { templateDirectories, withServices } from '../services.ts';
import { checkTemplateFile, renderProblems } from '../validate.ts';

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
    .option('--strict', 'missing resource groups, galleries and definitions are errors')
    .addOption(allowDirOption())
    .addOption(output());
  addDeploymentOptions(validating).action(validate);
  const planning = program
    .command('plan')
    .description(
      'Shows what a build would do: source and digests, machine, steps, what would be published. Boots nothing but a source image that has to be made first.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .option('--strict', 'missing resource groups, galleries and definitions are errors')
    .addOption(allowDirOption())
    .addOption(output());
  addDeploymentOptions(planning).action(plan);
}

async function validate(file: string, options: Options): Promise<void> {
  try {
    const { template, warnings, place } = await (options.output === 'json'
      ? checkTemplateFile(file, await deploymentInput(options))
      : loadTemplate(file, options));
    const obstacles = options.offline ? [] : (await resolved(file, template, place, options)).obstacles;
    if (options.output === 'json') json({ valid: true, warnings: [...warnings, ...obstacles] });
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
  const { plan: made, obstacles } = await resolved(file, template, place, options);
  const before = declared.map(({ type, id }) => ({ type, id }));
  if (options.output === 'json') json({ hash: planHash(made), ...made, declared: before, obstacles });
  else data(renderPlan(made, before));
}

interface Resolved {
  readonly plan: Plan;
  /** What a valid template asks for and no build of this version can give: the reasons why `kiln build` would refuse it. */
  readonly obstacles: readonly ErrorDetail[];
}

/** The plan of a template, with everything that can be known without a machine checked on the way. */
async function resolved(
  file: string,
  template: ImageTemplate,
  place: PlaceInFile,
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
      const source = await attempts.try(
        () => services.resolveSource(template.source, { emit: warn, signal, holder, location, strict }),
        'properties.source',
      );
      if (source !== undefined) {
        await attempts.try(() => checkStepTypes(template, source));
        await feasible.try(() => checkSourceSystem(source));
        await attempts.try(() => void planMachine(template, source, hostCapacity()));
        const image = { ...source, sourceVersion: source.exactVersion };
        const targets = template.validate.sourceValidationOnly ? [] : template.distribute;
        await attempts.try(() => checkTargets(targets, image, services.store, { strict, location }));
      }
      try {
        attempts.end();
      } catch (error) {
        throw error instanceof KilnError ? placed(error, place) : error;
      }
      if (source === undefined) throw new Error('the source has neither been resolved nor refused');
      const obstacles = place(feasible.details).map(one => ({ ...one, severity: 'warning' }) as const);
      for (const text of renderProblems(obstacles, file)) say({ tone: 'warning', text });
      return { plan: makePlan(template, { source, artifacts: fetched, host: hostCapacity() }), obstacles };
    } finally {
      await services.releaseSource(holder);
      await rm(scratch, { recursive: true, force: true });
    }
  });
}
