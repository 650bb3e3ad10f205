import { distributeAll } from '../../distributors/distribute-all.ts';
import type { RunOutput } from '../../distributors/distributor.ts';
import { buildError } from '../../errors/build.ts';
import type { Plan } from '../../plan/plan.ts';
import { directoryForBuildUser } from '../../sandbox/build-user.ts';
import type { ImageDisks } from '../image-disks.ts';
import type { StageContext } from '../services.ts';

export interface DistributeResult {
  readonly outputs: readonly RunOutput[];
  /** Set when some targets were published and others were not. */
  readonly error: ReturnType<typeof buildError> | undefined;
}

/** Publishes the finished disks to every target of the plan. */
export async function distributeStage(
  plan: Plan,
  disks: ImageDisks,
  strict: boolean,
  context: StageContext,
): Promise<DistributeResult> {
  const { runId, services, directory, emit, signal } = context;
  const { source, machine, targets } = plan;
  const [disk = '', ...bases] = disks.chain;
  await directoryForBuildUser(directory.work);
  const { outputs, failures } = await distributeAll(targets, {
    store: services.store,
    image: {
      disk,
      bases,
      virtualSizeBytes: machine.diskSizeBytes,
      dataDisks: disks.dataDisks.map(({ lun, chain: [top = '', ...below], virtualSizeBytes }) => {
        return { lun, disk: top, bases: below, virtualSizeBytes };
      }),
      os: source.os,
      generation: machine.generation,
      runId,
      sourceDigest: source.digest,
      sourceName: source.exactName,
      sourceVersion: source.exactVersion,
      plan: source.plan,
      securityType: source.securityType,
    },
    emit,
    signal,
    workDirectory: directory.work,
    strict,
    location: plan.template.location,
  });
  const [first] = failures;
  if (first === undefined) return { outputs, error: undefined };
  const reason = `[${first.target.runOutputName}] ${first.error.message}`;
  const details = failures.map(({ target, error }) => ({
    code: error.code,
    message: error.message,
    target: `properties.distribute[${targets.indexOf(target)}]`,
  }));
  const numbers = { failed: failures.length, total: targets.length };
  return { outputs, error: buildError('DistributeFailed', { ...numbers, reason }, { details, cause: first.error }) };
}
