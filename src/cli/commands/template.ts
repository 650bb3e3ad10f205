import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { hostCapacity } from '../../build/stages/resolve.ts';
import { checkTargets } from '../../distributors/check-targets.ts';
import { Attempts } from '../../errors/attempts.ts';
import { KilnError } from '../../errors/kiln-error.ts';
import { artifactNeeds, makePlan, type Plan, planHash } from '../../plan/plan.ts';
import type { FetchedArtifact } from '../../steps/step.ts';
import { workHolder } from '../../store/pins.ts';
import type { ImageTemplate } from '../../template/model.ts';
import { allowDirOption } from '../allow-dir.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadTemplate } from '../load-template.ts';
import { data, json, say, warn } from '../output.ts';
import { renderPlan } from '../plan-view.ts';
import { templateDirectories, withServices } from '../services.ts';
import { sitePlaceholders, validateTemplateFile } from '../validate.ts';

interface Options {
  readonly offline?: boolean;
  readonly output: 'text' | 'json';
  readonly strict?: boolean;
  readonly allowDir: readonly string[];
}

const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');

export function addTemplate(program: Command): void {
  program
    .command('validate')
    .description(
      'Checks a template: its language and rules, its scripts and files, its source, which is got first when it is not here, and its targets.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .option('--offline', 'language and rules only')
    .option('--strict', 'missing resource groups, galleries and definitions are errors')
    .addOption(allowDirOption())
    .addOption(output())
    .action(validate);
  program
    .command('plan')
    .description(
      'Shows what a build would do: source and digests, machine, steps, what would be published. Boots nothing but a source image that has to be made first.',
    )
    .argument('<template>', 'the image template, a JSON file')
    .option('--strict', 'missing resource groups, galleries and definitions are errors')
    .addOption(allowDirOption())
    .addOption(output())
    .action(plan);
}

async function validate(file: string, options: Options): Promise<void> {
  try {
    const { template, warnings } = await (options.output === 'json'
      ? validateTemplateFile(file, sitePlaceholders(file))
      : loadTemplate(file));
    if (!options.offline) await resolved(file, template, options);
    if (options.output === 'json') json({ valid: true, warnings });
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
  const { template } = await loadTemplate(file);
  const made = await resolved(file, template, options);
  if (options.output === 'json') json({ hash: planHash(made), ...made });
  else data(renderPlan(made));
}

/** The plan of a template, with everything that can be known without a machine checked on the way. */
async function resolved(file: string, template: ImageTemplate, options: Options): Promise<Plan> {
  const signal = interruptSignal();
  const strict = options.strict ?? false;
  return withServices(templateDirectories(file, options.allowDir), async services => {
    const scratch = join(services.home.downloads, `plan-${process.pid}`);
    const holder = workHolder();
    const { location } = template;
    try {
      const attempts = new Attempts();
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
        const image = { os: source.os, generation: source.generation, sourceVersion: source.exactVersion };
        const targets = template.validate.sourceValidationOnly ? [] : template.distribute;
        await attempts.try(() => checkTargets(targets, image, services.store, { strict, location }));
      }
      attempts.end();
      if (source === undefined) throw new Error('the source has neither been resolved nor refused');
      return makePlan(template, { source, artifacts: fetched, host: hostCapacity() });
    } finally {
      await services.releaseSource(holder);
      await rm(scratch, { recursive: true, force: true });
    }
  });
}
