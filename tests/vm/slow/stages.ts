import type { BuildEvent } from '../../../src/events/build-event.ts';
import type { KilnBuild } from '../harness/kiln-process.ts';
import type { Ring } from '../harness/ring.ts';
import { sharedImage, shell, type TemplateParts, vhd } from '../harness/template.ts';

/** Every stage in which a machine or a disk is at work, and what tells that the build is in the middle of it. */
export const MOMENTS: Readonly<Record<string, (event: BuildEvent) => boolean>> = {
  boot: event => event.type === 'waiting' && event.role === 'build',
  customize: event => event.type === 'step-output' && event.line === 'customizing',
  optimize: event => event.type === 'stage-started' && event.stage === 'optimize',
  generalize: event => event.type === 'stage-started' && event.stage === 'generalize',
  validate: event => event.type === 'step-output' && event.line === 'validating',
  distribute: event => event.type === 'progress' && event.done > 0,
};

/** Starts a build with something in every stage, and resolves in the middle of one of them. */
export async function buildUntil(ring: Ring, stage: string): Promise<{ build: KilnBuild; runId: string }> {
  const build = await ring.build(partsFor(stage));
  const inStage = MOMENTS[stage] ?? (() => false);
  const { runId } = await build.event(`being in stage ${stage}`, event => {
    const distributing = build.events.some(past => past.type === 'stage-started' && past.stage === 'distribute');
    return inStage(event) && distributing === (stage === 'distribute');
  });
  return { build, runId };
}

/** A stage that is stopped goes on for long enough; the others are quick. */
function partsFor(stage: string): TemplateParts {
  const wait = (mine: string) => (stage === mine ? ['sleep 900'] : []);
  return {
    name: stage,
    customize: [shell('customizes', 'echo customizing', ...wait('customize'))],
    // Only where they are reached: a machine takes its time to boot.
    ...(stage === 'optimize' ? { optimize: { vmBoot: { state: 'Enabled' } } } : {}),
    ...(stage === 'validate'
      ? { validate: { inVMValidations: [shell('validates', 'echo validating', ...wait('validate'))] } }
      : {}),
    distribute: [vhd(`${stage}-vhd`), sharedImage(stage, ['westeurope', 'northeurope'])],
  };
}
