import type { DistributeTarget } from '../distributors/targets.ts';
import { printable } from '../events/printable.ts';
import { scrubber } from '../events/scrub.ts';
import { type Plan, type PlannedStep, type PlanOutline, planHash } from '../plan/plan.ts';
import type { Customizer, Validator } from '../steps/registry.ts';
import { size } from './render/amounts.ts';

/** A plan whose source cannot be had: what is known of the source is its name. */
export interface PlanWithoutSource extends PlanOutline {
  readonly source: null;
  readonly machine: null;
  readonly sourceName: string;
  readonly notes: Plan['notes'];
  readonly warnings: Plan['warnings'];
}

/**
 * What a build of the plan will do, as text for people. Signatures in URLs are not shown.
 *
 * @param declared resources of a deployment template that are made before the build
 */
export function renderPlan(
  plan: Plan | PlanWithoutSource,
  declared: readonly { readonly type: string; readonly id: string }[] = [],
): string {
  const { template } = plan;
  const lines = [
    `Template    ${template.name} (API version ${template.apiVersion}, ${template.location})`,
    ...(plan.source === null
      ? [`Source      ${plan.sourceName}`, '            cannot be had here: nothing can be built']
      : renderMachine(plan)),
    `Time limit  ${count(plan.buildTimeoutMinutes, 'minute')}`,
    `On error    customize: ${plan.errorHandling.onCustomizerError}, validate: ${plan.errorHandling.onValidationError}`,
    ...renderSettings(plan),
    ...declared.map(({ type, id }, i) => `${i === 0 ? 'Made first' : '          '}  ${type} ${id}`),
    '',
    ...section(plan.sourceValidationOnly ? 'Customize (none: only the source is validated)' : 'Customize', plan.steps),
    ...renderOptimize(plan),
    ...section('Validate', plan.validators),
    ...(plan.validators.length > 0 && plan.continueDistributeOnFailure
      ? ['  Distributes even if a validator fails.', '']
      : []),
    ...(plan.targets.length === 0
      ? ['Distribute', '  nothing']
      : ['Distribute', ...plan.targets.flatMap(renderTarget)]),
    ...(plan.notes.length === 0 ? [] : ['', ...plan.notes.map(note => `Note: ${note}`)]),
    ...(plan.source === null ? [] : ['', `Plan        sha256:${planHash(plan)}`]),
  ];
  const scrub = scrubber();
  return lines.map(line => printable(scrub(line)).trimEnd()).join('\n');
}

function renderMachine({ source, machine }: Plan): string[] {
  return [
    `Source      ${source.exactName}`,
    `            ${source.digest}`,
    `            ${source.os}, generation ${source.generation.slice(1)}, ${size(source.virtualSizeBytes)}`,
    `Build VM    ${machine.vmSize}: ${count(machine.cpus, 'processor')}, ${size(machine.memoryMiB * 1024 ** 2)} of memory`,
    `            disk of ${size(machine.diskSizeBytes)}${machine.diskSizeBytes > source.virtualSizeBytes ? ' (grown)' : ''}`,
    ...machine.dataDisks.map(renderDataDisk),
  ];
}

function renderDataDisk({ lun, sizeBytes, from }: Plan['machine']['dataDisks'][number]): string {
  return `            data disk ${lun} of ${size(sizeBytes)}${from === 'source' ? ' (of the source)' : ''}`;
}

function section(title: string, steps: readonly PlannedStep<Customizer | Validator>[]): string[] {
  if (steps.length === 0) return title.includes('(') ? [title, ''] : [`${title} (none)`, ''];
  return [title, ...steps.flatMap(renderStep), ''];
}

function renderStep({ ref, step, artifacts }: PlannedStep<Customizer | Validator>): string[] {
  return [
    `  [${ref.index}/${ref.total}] ${ref.type} ${ref.name}`,
    ...(step.type === 'Shell' ? (step.inline ?? []).map(command => `        $ ${firstLine(command)}`) : []),
    ...artifacts.map(one => `        ${one.uri} (${size(one.sizeBytes)}, sha256:${one.sha256})`),
    ...(step.type === 'File' ? [`        to ${step.destination}`] : []),
  ];
}

/** What only some templates say. */
function renderSettings({ autoRun, managedResourceTags, stagingResourceGroup }: PlanOutline): string[] {
  const tags = Object.entries(managedResourceTags).map(([name, value]) => `${name}=${value}`);
  return [
    ...(autoRun === 'Enabled' ? ['Auto run    enabled: the service would build as soon as it has the template'] : []),
    ...(stagingResourceGroup === '' ? [] : [`Staging     ${stagingResourceGroup}`]),
    ...(tags.length === 0 ? [] : [`Build tags  ${tags.join(', ')}`]),
  ];
}

function renderOptimize({ optimize: { vmBoot, workload } }: PlanOutline): string[] {
  if (!vmBoot && workload === undefined) return [];
  return [
    'Optimize',
    ...(vmBoot ? ['  the boot, measured before and after'] : []),
    ...(workload === undefined ? [] : renderStep(workload)),
    '',
  ];
}

function renderTarget(target: DistributeTarget): string[] {
  const tags = Object.entries(target.artifactTags).map(([name, value]) => `${name}=${value}`);
  return [
    `  ${target.runOutputName}: ${describeTarget(target)}`,
    ...(target.type === 'SharedImage' ? target.targetRegions.map(renderRegion) : []),
    ...(tags.length === 0 ? [] : [`        tags ${tags.join(', ')}`]),
  ];
}

function describeTarget(target: DistributeTarget): string {
  switch (target.type) {
    case 'VHD':
      return target.uri === '' ? 'VHD' : `VHD ${target.uri}`;
    case 'ManagedImage':
      return `managed image ${target.imageId} in ${target.location}`;
    case 'SharedImage':
      return `gallery version ${target.galleryImageId}${versionRule(target)}${target.excludeFromLatest ? ', not for `latest`' : ''}${target.replicationMode === 'Shallow' ? ', one copy for all regions' : ''}`;
  }
}

function versionRule(target: DistributeTarget & { type: 'SharedImage' }): string {
  if (/\/versions\//i.test(target.galleryImageId)) return '';
  if (target.versioning.scheme === 'Source') return ', version of the source';
  return target.versioning.major === -1 ? ', next version' : `, next version of major ${target.versioning.major}`;
}

function renderRegion(region: (DistributeTarget & { type: 'SharedImage' })['targetRegions'][number]): string {
  return `        ${region.name}: ${count(region.replicaCount, 'replica')}, ${region.storageAccountType}`;
}

function firstLine(command: string): string {
  const [first = '', ...more] = command.split('\n');
  return more.length === 0 ? first : `${first} …`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
