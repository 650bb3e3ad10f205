import { availableParallelism, totalmem } from 'node:os';
import { checkTargets } from '../../distributors/check-targets.ts';
import type { Declaration } from '../../galleries/declare.ts';
import { checkFeatures, checkSourceSystem, checkSteps } from '../../plan/feasible.ts';
import type { HostCapacity } from '../../plan/machine.ts';
import { planMachine } from '../../plan/machine.ts';
import type { SourceDisk } from '../../sources/source-disk.ts';
import { runHolder } from '../../store/pins.ts';
import type { ImageTemplate } from '../../template/model.ts';
import type { StageContext } from '../services.ts';
import { checkStaging } from '../staging.ts';

/** Left to the host: other programs, the page cache of the disks. */
const RESERVED_MIB = 1024;

/** What this machine can give to one build VM. */
export function hostCapacity(): HostCapacity {
  const memoryMiB = Math.floor(totalmem() / 1024 / 1024);
  return { cpus: availableParallelism(), memoryMiB: Math.max(512, memoryMiB - RESERVED_MIB) };
}

/**
 * Template to source disk, and everything that would keep the result from being built or published: whatever can be
 * known now is said now, not after the build.
 */
export async function resolveStage(
  template: ImageTemplate,
  { strict, declared }: { readonly strict: boolean; readonly declared: readonly Declaration[] },
  context: StageContext,
): Promise<SourceDisk> {
  const { services, runId, emit, signal } = context;
  // Before the source is got: that may take long.
  checkFeatures(template);
  const { location } = template;
  const source = await services.resolveSource(template.source, {
    emit,
    signal,
    holder: runHolder(runId),
    location,
    strict,
  });
  checkSteps(template, source);
  checkSourceSystem(source);
  planMachine(template, source, hostCapacity());
  const image = { ...source, sourceVersion: source.exactVersion };
  if (!context.staged) await checkStaging(template, strict, services);
  const targets = template.validate.sourceValidationOnly ? [] : template.distribute;
  await checkTargets(targets, image, services.store, { strict, location, declared });
  return source;
}
