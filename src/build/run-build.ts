import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { RunOutput } from '../distributors/distributor.ts';
import { buildError } from '../errors/build.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import type { Emit, RunStatus, Stage } from '../events/build-event.ts';
import type { EventStream } from '../events/event-stream.ts';
import type { Declaration } from '../galleries/declare.ts';
import { releaseStagingGroup } from '../galleries/staging-group.ts';
import { ownerName } from '../home/process-lock.ts';
import { type RunDirectory, runDirectory } from '../home/run-directory.ts';
import { makePlan, type Plan, stepRefs } from '../plan/plan.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import { releasePins, runHolder } from '../store/pins.ts';
import { finishRun, outputsOfRun, requeueRun, startRun } from '../store/runs.ts';
import type { ImageTemplate, OnError } from '../template/model.ts';
import { type BootedVm, bootVm } from './build-vm.ts';
import { startHeartbeat } from './heartbeat.ts';
import { disksToStartFrom, type ImageDisks, sourceDisks } from './image-disks.ts';
import { keepMachine } from './kept-machine.ts';
import { duration, statusOf, validationError } from './outcome.ts';
import { removeMachines, removeWork } from './run-files.ts';
import type { BuildServices, StageContext } from './services.ts';
import { customizeStage } from './stages/customize.ts';
import { distributeStage } from './stages/distribute.ts';
import { fetchStage } from './stages/fetch.ts';
import { generalizeStage } from './stages/generalize.ts';
import { type Optimization, optimizeStage } from './stages/optimize.ts';
import { hostCapacity, resolveStage } from './stages/resolve.ts';
import type { StepOutcome } from './stages/run-steps.ts';
import { validateStage } from './stages/validate.ts';
import { keptTags, prepareStaging } from './staging.ts';
import { userError } from './user-error.ts';

export interface BuildRequest {
  readonly template: ImageTemplate;
  /** The template as the user wrote it; kept with the run. */
  readonly templateText: string;
  /** Overrides the template's `errorHandling`. */
  readonly onError?: OnError;
  /** How long a machine is kept after an error with `abort`. */
  readonly keepSeconds: number;
  /** Overrides `buildTimeoutInMinutes`. */
  readonly timeoutSeconds?: number;
  /** Refuse to create resource groups, galleries and definitions. */
  readonly strict: boolean;
  /** What is made before the image, once nothing is known that would keep the image from being made. */
  readonly declared?: readonly Declaration[];
  /** Adds to an error where in the user's file it has its cause. */
  readonly place?: (error: KilnError) => KilnError;
  /** Takes out of what is kept of the template what nobody may see. */
  readonly scrub?: (text: string) => string;
  /** The template has a staging group that outlives the run: the run neither makes nor takes one. */
  readonly staged?: boolean;
  /**
   * Whether a run whose signal was aborted goes back to the queue, to begin anew later, instead of ending as canceled. Nothing of
   * it may be published then.
   */
  readonly handsBack?: () => boolean;
}

export interface BuildResult {
  readonly runId: string;
  readonly status: RunStatus;
  readonly outputs: readonly RunOutput[];
  readonly error: KilnError | undefined;
}

/** A run that has its name and directory, and has not begun. */
export interface PreparedRun {
  readonly runId: string;
  readonly directory: RunDirectory;
}

/**
 * Names a run and makes its directory, locked by this process.
 *
 * @param runId of a run that has its name already, and that this process alone has taken on
 */
export async function prepareRun(
  services: Pick<BuildServices, 'home'>,
  runId: string = randomUUID(),
): Promise<PreparedRun> {
  const directory = runDirectory(join(services.home.runs, runId));
  await mkdir(directory.root, { recursive: true, mode: 0o755 });
  // Whole from the first moment on: a sweep that reads half of a name would take the run for abandoned.
  await writeFile(`${directory.lock}.new`, ownerName());
  await rename(`${directory.lock}.new`, directory.lock);
  return { runId, directory };
}

/**
 * Does a whole run: from the template to what was published. Never rejects for what can go wrong for a user: the
 * result says it. When it returns, nothing of the run is at work any more, but for a machine that was kept on
 * purpose.
 */
export async function runBuild(
  run: PreparedRun,
  request: BuildRequest,
  services: BuildServices,
  events: EventStream,
  signal: AbortSignal,
): Promise<BuildResult> {
  const began = performance.now();
  const { runId, directory } = run;
  const deadline = new AbortController();
  const limitSeconds = request.timeoutSeconds ?? request.template.buildTimeoutMinutes * 60;
  const timer = setTimeout(() => deadline.abort(new DOMException('', 'TimeoutError')), limitSeconds * 1000);
  const lost = new AbortController();
  const context: StageContext = {
    runId,
    services,
    directory,
    emit: events.emit,
    signal: AbortSignal.any([signal, deadline.signal, lost.signal]),
    staged: request.staged ?? false,
  };
  const work = new Work(request, context);
  const { name } = request.template;

  let error: KilnError | undefined;
  let stopHeartbeat = (): void => undefined;
  let noted = false;
  try {
    await writeFile(directory.template, request.scrub?.(request.templateText) ?? request.templateText);
    const own = await startRun(services.store, {
      id: runId,
      templateName: name,
      startedAt: new Date().toISOString(),
      owner: ownerName(),
    });
    noted = true;
    if (!own) lost.abort();
    else stopHeartbeat = startHeartbeat(services.store, runId, () => lost.abort());
    events.emit({ type: 'run-started', template: name, steps: stepRefs(request.template) });
    error = await work.all();
  } catch (thrown) {
    if (lost.signal.aborted) error = buildError('RunEndedByOthers', { run: runId }, { cause: thrown });
    else if (deadline.signal.aborted) {
      error = buildError('BuildTimedOut', { limit: duration(limitSeconds), stage: work.stage }, { cause: thrown });
    } else if (signal.aborted) error = buildError('BuildCanceled', { stage: work.stage }, { cause: thrown });
    else error = userError(thrown, services.home.root);
    // Targets that were done before it happened are published, and stay so.
    work.outputs = await publishedOutputs(services, runId);
  } finally {
    clearTimeout(timer);
  }
  // Where even this fails the run keeps its lock: the sweep does the rest once this process has ended.
  let closed = true;
  const attempt = async (closing: () => Promise<void>): Promise<void> => {
    await closing().catch(thrown => {
      error ??= userError(thrown, services.home.root);
      closed = false;
    });
  };
  await attempt(() => announced('clean-up', events.emit, () => work.cleanUp(error)));
  stopHeartbeat();
  if (closed && error?.code === 'BuildCanceled' && work.outputs.length === 0 && request.handsBack?.()) {
    events.emit({ type: 'log', level: 'info', message: 'Handed back to the queue: the run will begin anew.' });
    // In this order: whoever takes the run from the queue finds no lock.
    await rm(directory.lock, { force: true });
    const handed = await requeueRun(services.store, runId, ownerName()).catch(() => false);
    if (handed) return { runId, status: 'Queued', outputs: [], error };
  }
  if (error !== undefined) error = request.place?.(error) ?? error;
  const seconds = (performance.now() - began) / 1000;
  await attempt(async () => {
    const own = await finishRun(services.store, runId, {
      status: statusOf(error, work.outputs),
      endedAt: new Date().toISOString(),
      owner: ownerName(),
      result: {
        seconds,
        source: work.source?.exactName ?? null,
        sourceDigest: work.source?.digest ?? null,
        optimize: work.optimization ?? null,
        managedResourceTags: keptTags(request),
        error: error?.toJSON() ?? null,
      },
    });
    // A run that could not even be noted is ended by nobody: what kept it from that is the error.
    if (!own && noted) error = buildError('RunEndedByOthers', { run: runId });
  });
  const status = statusOf(error, work.outputs);
  events.emit({
    type: 'run-finished',
    status,
    seconds,
    ...(error === undefined ? {} : { error: error.toJSON() as never }),
  });
  if (closed) await rm(directory.lock, { force: true });
  return { runId, status, outputs: work.outputs, error };
}

async function announced<T>(stage: Stage, emit: Emit, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  emit({ type: 'stage-started', stage });
  const result = await work();
  emit({ type: 'stage-finished', stage, seconds: (performance.now() - began) / 1000 });
  return result;
}

async function publishedOutputs({ store }: BuildServices, runId: string): Promise<readonly RunOutput[]> {
  // A store that cannot be read is what the run has failed for already.
  const stored = await outputsOfRun(store, runId).catch(() => []);
  return stored.map(({ runId: _, ...output }) => output);
}

/** The stages in their order, and what they have made so far. */
class Work {
  stage: Stage = 'resolve';
  source: SourceDisk | undefined;
  optimization: Optimization | undefined;
  outputs: readonly RunOutput[] = [];
  readonly #request: BuildRequest;
  readonly #context: StageContext;
  #vms: BootedVm[] = [];

  constructor(request: BuildRequest, context: StageContext) {
    this.#request = request;
    this.#context = context;
  }

  /** Returns the error of a run that published something all the same; throws every other one. */
  async all(): Promise<KilnError | undefined> {
    const { template, strict, declared = [] } = this.#request;
    const context = this.#context;
    const source = await this.#during('resolve', () => resolveStage(template, { strict, declared }, context));
    this.source = source;
    const artifacts = await this.#during('fetch', () => fetchStage(template, context));
    const plan = makePlan(template, { source, artifacts, host: hostCapacity() });
    for (const message of plan.notes) context.emit({ type: 'log', level: 'info', message });
    for (const { message, target } of plan.warnings) {
      context.emit({ type: 'log', level: 'warning', message: `${message} (${target})` });
    }
    for (const one of declared) await one.create(context.services.store, context.emit);
    if (!context.staged) {
      await prepareStaging({ ...plan, managedResourceTags: keptTags(this.#request) }, strict, context);
    }
    const disks = plan.sourceValidationOnly ? sourceDisks(source) : await this.#build(plan);
    const failures = plan.validators.length === 0 ? [] : await this.#validate(plan, disks);
    const invalid = validationError(plan, failures, context.directory.validationLog);
    if (invalid !== undefined && (!plan.continueDistributeOnFailure || plan.sourceValidationOnly)) throw invalid;
    if (plan.targets.length === 0) return invalid;
    const { outputs, error } = await this.#during('distribute', () => distributeStage(plan, disks, strict, context));
    this.outputs = outputs;
    if (invalid === undefined || error === undefined) return invalid ?? error;
    return invalid.with({ details: [{ code: error.code, message: error.message }, ...error.details] });
  }

  async cleanUp(error: KilnError | undefined): Promise<void> {
    const { directory, services, runId } = this.#context;
    for (const { session } of this.#vms) session.close();
    const kept = error !== undefined && this.#keeps(error) ? await this.#keep(this.#vms.at(-1)) : undefined;
    for (const vm of this.#vms) if (vm !== kept) await vm.session.machine.stop();
    if (kept === undefined) {
      await services.releaseSource(runHolder(runId));
      await releasePins(services.store, runHolder(runId));
      await removeMachines(directory);
    }
    await removeWork(directory);
    if (kept === undefined) await releaseStagingGroup(services.store, runHolder(runId));
  }

  /** Returns the machine when it stays. One that cannot is cleaned up like any other, and the run's error stands. */
  async #keep(vm: BootedVm | undefined): Promise<BootedVm | undefined> {
    if (vm === undefined || vm.session.machineEnded) return undefined;
    try {
      await keepMachine(vm, this.#context, this.#request.keepSeconds);
      return vm;
    } catch (cause) {
      const message = `The VM could not be kept: ${(cause as Error).message}`;
      this.#context.emit({ type: 'log', level: 'warning', message });
      return undefined;
    }
  }

  async #build(plan: Plan): Promise<ImageDisks> {
    const context = this.#context;
    const { machine } = plan;
    const vm = await this.#during('boot', () =>
      bootVm(
        {
          role: 'build',
          directory: context.directory.buildMachine,
          disks: disksToStartFrom(plan),
          virtualSizeBytes: machine.diskSizeBytes,
          generation: machine.generation,
          devices: machine.devices,
          cpus: machine.cpus,
          memoryMiB: machine.memoryMiB,
        },
        context,
      ),
    );
    this.#vms.push(vm);
    await this.#during('customize', () => customizeStage(plan, vm.session, context));
    if (plan.optimize.vmBoot || plan.optimize.workload !== undefined) {
      this.optimization = await this.#during('optimize', () => optimizeStage(plan, vm.session, context));
    }
    await this.#during('generalize', () => generalizeStage(vm.session, context));
    return vm.disks;
  }

  #validate(plan: Plan, disks: ImageDisks): Promise<readonly StepOutcome[]> {
    return this.#during('validate', async () => {
      const failures = await validateStage(plan, disks, this.#context, vm => this.#vms.push(vm));
      const keeps = failures.length > 0 && this.#onError('validate') === 'abort';
      if (!keeps) await this.#vms.at(-1)?.session.machine.stop();
      return failures;
    });
  }

  async #during<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const { emit, signal } = this.#context;
    signal.throwIfAborted();
    this.stage = stage;
    return announced(stage, emit, work);
  }

  #onError(phase: 'customize' | 'validate'): OnError {
    const { onCustomizerError, onValidationError } = this.#request.template.errorHandling;
    return this.#request.onError ?? (phase === 'customize' ? onCustomizerError : onValidationError);
  }

  /** Only a machine on which something failed is worth keeping: not a canceled one, not one that never came up. */
  #keeps(error: KilnError): boolean {
    if (this.#context.signal.aborted || this.#vms.length === 0) return false;
    if (error.code === 'ValidatorFailed') return this.#onError('validate') === 'abort';
    return ['customize', 'optimize', 'generalize'].includes(this.stage) && this.#onError('customize') === 'abort';
  }
}
