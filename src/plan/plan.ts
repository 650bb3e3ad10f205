import { createHash } from 'node:crypto';
import type { DistributeTarget } from '../distributors/targets.ts';
import type { ErrorDetail } from '../errors/kiln-error.ts';
import type { StepRef } from '../events/build-event.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import { type Customizer, typeOf, type Validator } from '../steps/registry.ts';
import type { ShellStep } from '../steps/shell/shell.ts';
import type { ArtifactNeed, FetchedArtifact } from '../steps/step.ts';
import type { ImageTemplate } from '../template/model.ts';
import { vhdWarnings } from './data-disks.ts';
import { type HostCapacity, type PlannedMachine, planMachine } from './machine.ts';
import { stableJson } from './stable-json.ts';

export interface PlannedStep<T extends Customizer | Validator> {
  readonly ref: StepRef;
  readonly step: T;
  /** The files that the step uses, in the order in which it names them. */
  readonly artifacts: readonly FetchedArtifact[];
}

/** Everything that a build will do, with every outside thing resolved to its digest. */
export interface Plan {
  readonly template: Pick<ImageTemplate, 'apiVersion' | 'name' | 'location' | 'tags' | 'identities'>;
  readonly source: SourceDisk;
  readonly machine: PlannedMachine;
  /** Empty when only the source is validated. */
  readonly steps: readonly PlannedStep<Customizer>[];
  /** What happens between the customizers and the end of the build VM. */
  readonly optimize: { readonly vmBoot: boolean; readonly workload: PlannedStep<ShellStep> | undefined };
  readonly validators: readonly PlannedStep<Validator>[];
  readonly continueDistributeOnFailure: boolean;
  readonly sourceValidationOnly: boolean;
  readonly targets: readonly DistributeTarget[];
  readonly buildTimeoutMinutes: number;
  readonly errorHandling: ImageTemplate['errorHandling'];
  readonly autoRun: ImageTemplate['autoRun'];
  readonly managedResourceTags: ImageTemplate['managedResourceTags'];
  readonly stagingResourceGroup: string;
  /** What differs from the template's wish, in sentences for the log. */
  readonly notes: readonly string[];
  /** What the reader should know of a place in the template. */
  readonly warnings: readonly ErrorDetail[];
}

/** What of a plan the template and its files decide by themselves. */
export type PlanOutline = Omit<Plan, 'source' | 'machine' | 'notes' | 'warnings'>;

export interface ResolvedInputs {
  readonly source: SourceDisk;
  /** By the URI as the template writes it: everything that `artifactNeeds` names. */
  readonly artifacts: ReadonlyMap<string, FetchedArtifact>;
  readonly host: HostCapacity;
}

/** Every file that the template's steps need, in their order, with its JSON path. */
export function artifactNeeds(template: ImageTemplate): ArtifactNeed[] {
  return [
    ...customizersOf(template).flatMap((step, i) => typeOf(step).needs(step, `properties.customize[${i}]`)),
    ...workloadOf(template).flatMap(step => typeOf(step).needs(step, 'properties.optimize.workload')),
    ...template.validate.inVMValidations.flatMap((step, i) =>
      typeOf(step).needs(step, `properties.validate.inVMValidations[${i}]`),
    ),
  ];
}

/**
 * Puts template and resolved inputs together. Pure: the same inputs give the same plan.
 *
 * @throws KilnError of `planMachine`. What no build can give (`feasible.ts`) is planned all the same: the build refuses it.
 */
export function makePlan(template: ImageTemplate, resolved: ResolvedInputs): Plan {
  const { machine, notes } = planMachine(template, resolved.source, resolved.host);
  return {
    ...outlinePlan(template, resolved.artifacts),
    source: resolved.source,
    machine,
    notes,
    warnings: vhdWarnings(template, machine.dataDisks),
  };
}

/** The plan of a template whose source cannot be had. Pure, as `makePlan`. */
export function outlinePlan(template: ImageTemplate, artifacts: ResolvedInputs['artifacts']): PlanOutline {
  const { apiVersion, name, location, tags, identities, validate } = template;
  const { autoRun, managedResourceTags, stagingResourceGroup } = template;
  const [workload] = planSteps('optimize', workloadOf(template), artifacts);
  return {
    template: { apiVersion, name, location, tags, identities },
    steps: planSteps('customize', customizersOf(template), artifacts),
    optimize: { vmBoot: optimizesBoot(template), workload },
    validators: planSteps('validate', validate.inVMValidations, artifacts),
    continueDistributeOnFailure: validate.continueDistributeOnFailure,
    sourceValidationOnly: validate.sourceValidationOnly,
    targets: validate.sourceValidationOnly ? [] : template.distribute,
    buildTimeoutMinutes: template.buildTimeoutMinutes,
    errorHandling: template.errorHandling,
    ...{ autoRun, managedResourceTags, stagingResourceGroup },
  };
}

/**
 * SHA-256 of what the plan says, independent of where files lie on this machine and of the order in which anything was
 * resolved: two plans with one hash do the same.
 */
export function planHash(plan: Plan): string {
  const { notes, warnings, source, ...rest } = plan;
  const { path, dataDisks, ...disk } = source;
  const bare = <T extends Customizer | Validator>(planned: PlannedStep<T>) => ({
    ...planned,
    artifacts: planned.artifacts.map(({ uri, sha256, sizeBytes }) => ({ uri, sha256, sizeBytes })),
  });
  const { vmBoot, workload } = plan.optimize;
  const content = {
    ...rest,
    source: { ...disk, dataDisks: dataDisks.map(({ lun, digest }) => ({ lun, digest })) },
    steps: plan.steps.map(bare),
    optimize: { vmBoot, workload: workload === undefined ? null : bare(workload) },
    validators: plan.validators.map(bare),
  };
  return createHash('sha256').update(stableJson(content)).digest('hex');
}

function customizersOf(template: ImageTemplate): readonly Customizer[] {
  return template.validate.sourceValidationOnly ? [] : template.customize;
}

function optimizesBoot({ optimize, validate }: ImageTemplate): boolean {
  return optimize.vmBoot === 'Enabled' && !validate.sourceValidationOnly;
}

/** The script for the workload as a step, when there is one to run. */
function workloadOf({ optimize, validate }: ImageTemplate): readonly ShellStep[] {
  const { state, scriptUri, sha256Checksum } = optimize.workload;
  if (state !== 'Enabled' || validate.sourceValidationOnly) return [];
  return [{ type: 'Shell', name: '', scriptUri, sha256Checksum }];
}

/** The steps of a template as events name them, before anything is resolved. */
export function stepRefs(template: ImageTemplate): StepRef[] {
  return [
    ...customizersOf(template).map((step, i, all) => stepRef('customize', step, i, all.length)),
    ...workloadOf(template).map((step, i, all) => stepRef('optimize', step, i, all.length)),
    ...template.validate.inVMValidations.map((step, i, all) => stepRef('validate', step, i, all.length)),
  ];
}

function stepRef(phase: StepRef['phase'], step: Customizer | Validator, i: number, total: number): StepRef {
  return {
    phase,
    index: i + 1,
    total,
    type: step.type,
    name: step.name === '' ? typeOf(step).summary(step) : step.name,
  };
}

function planSteps<T extends Customizer | Validator>(
  phase: StepRef['phase'],
  steps: readonly T[],
  artifacts: ReadonlyMap<string, FetchedArtifact>,
): PlannedStep<T>[] {
  return steps.map((step, i) => ({
    ref: stepRef(phase, step, i, steps.length),
    step,
    artifacts: typeOf(step)
      .needs(step, '')
      .map(need => {
        const artifact = artifacts.get(need.uri);
        if (artifact === undefined) throw new Error(`not fetched before planning: ${need.uri}`);
        return artifact;
      }),
  }));
}
