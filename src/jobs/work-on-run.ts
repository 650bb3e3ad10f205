import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareRun, runBuild } from '../build/run-build.ts';
import type { BuildServices } from '../build/services.ts';
import { userError } from '../build/user-error.ts';
import type { Stage } from '../events/build-event.ts';
import { EventStream } from '../events/event-stream.ts';
import { createEventFile, createLogFile, type LogFile } from '../events/log-file.ts';
import { scrubber } from '../events/scrub.ts';
import { ownerName } from '../home/process-lock.ts';
import { type RunDirectory, runDirectory } from '../home/run-directory.ts';
import { claimRun } from '../store/run-queue.ts';
import { type AcceptedRun, finishRun, getRun, isCancelRequested, noteStage } from '../store/runs.ts';
import type { ImageTemplate } from '../template/model.ts';
import { parseTemplate } from '../template/parse.ts';
import { isApiVersion } from '../template/versions.ts';
import { fromCopies } from './artifact-copies.ts';
import type { RunRequest } from './build-queue.ts';
import { lastSeq } from './last-event.ts';
import { runRequest } from './run-request.ts';
import { inStagingAccount } from './staging-vhds.ts';

/** How long a machine on which a step failed is kept, where the template asks for it. */
export const KEEP_SECONDS = 3600;
const CANCEL_POLL_MS = 500;
/** From here on a run is finished rather than handed back: what it has made would have to be made again. */
const FINISHED: readonly Stage[] = ['distribute', 'clean-up'];

/** All that a run needs before its build begins. */
interface Work {
  readonly request: RunRequest;
  readonly template: ImageTemplate;
  readonly stream: EventStream;
  readonly logs: readonly LogFile[];
}

/**
 * Does a run of the queue, if it is still there to be taken.
 *
 * @param handBack aborted when the run is to go back to the queue, unless it is about to be finished
 */
export async function workOnRun(runId: string, services: BuildServices, handBack: AbortSignal): Promise<void> {
  const { store, home } = services;
  if (!(await claimRun(store, runId, ownerName()))) return;
  const accepted = (await getRun(store, runId))?.accepted;
  if (accepted === undefined) throw new Error(`run ${runId} was not accepted`);
  const directory = runDirectory(join(home.runs, runId));
  let work: Work;
  try {
    await prepareRun(services, runId);
    // Of an attempt that was handed back.
    for (const machine of [directory.buildMachine, directory.validationMachine]) {
      await rm(machine, { recursive: true, force: true });
    }
    work = { ...(await readRequest(accepted, services)), ...(await openEvents(runId, directory)) };
  } catch (thrown) {
    const error = userError(thrown, home.root).toJSON();
    const result = { error, seconds: 0, source: null, sourceDigest: null };
    const endedAt = new Date().toISOString();
    await finishRun(store, runId, { status: 'Failed', endedAt, result, owner: ownerName() });
    await rm(directory.lock, { force: true });
    return;
  }
  await build(runId, directory, accepted, work, services, handBack);
}

async function readRequest(accepted: AcceptedRun, { store, config }: BuildServices) {
  const request: RunRequest = runRequest.parse(accepted.request);
  const { apiVersion, templateText, storageAccount } = request;
  const options = isApiVersion(apiVersion) ? { defaultVersion: apiVersion } : {};
  // The template was checked when it was made. A region that is the service's own by an option is not in its configuration.
  const knownRegions = [...(await store.regions()), config.location, ...locationIn(templateText)];
  const { template } = parseTemplate(templateText, { ...options, knownRegions });
  return {
    request,
    template: { ...template, distribute: inStagingAccount(template.distribute, storageAccount, new Date()) },
  };
}

function locationIn(templateText: string): readonly string[] {
  const resource: unknown = JSON.parse(templateText);
  const named = typeof resource === 'object' && resource !== null && 'location' in resource;
  return named && typeof resource.location === 'string' ? [resource.location] : [];
}

/** Events go on counting where those of an attempt that was handed back end. */
async function openEvents(runId: string, directory: RunDirectory): Promise<Pick<Work, 'stream' | 'logs'>> {
  const stream = new EventStream(runId, scrubber(), await lastSeq(directory.events));
  const logs = [
    createLogFile(directory.customizationLog, 'customize'),
    createLogFile(directory.validationLog, 'validate'),
    createEventFile(directory.events),
  ];
  for (const log of logs) stream.subscribe(log.listener);
  return { stream, logs };
}

async function build(
  runId: string,
  directory: RunDirectory,
  accepted: AcceptedRun,
  { request, template, stream, logs }: Work,
  services: BuildServices,
  handBack: AbortSignal,
): Promise<void> {
  const { store } = services;
  let stage: Stage = 'resolve';
  let noted: Promise<unknown> = Promise.resolve();
  stream.subscribe(event => {
    if (event.type === 'run-started') {
      const message = `Correlation id ${accepted.correlationId}, operation ${accepted.operationId}`;
      stream.emit({ type: 'log', level: 'info', message });
    }
    if (event.type !== 'stage-started') return;
    stage = event.stage;
    // Where it cannot be noted the build goes on: the event has it, too.
    noted = noted.then(() => noteStage(store, runId, event.stage, ownerName())).catch(() => undefined);
  });

  const stop = new AbortController();
  let canceled = false;
  let handedBack = false;
  const poll = setInterval(() => {
    isCancelRequested(store, runId).then(
      asked => {
        if (!asked) return;
        canceled = true;
        stop.abort();
      },
      () => undefined,
    );
  }, CANCEL_POLL_MS);
  const onHandBack = (): void => {
    if (FINISHED.includes(stage)) return;
    handedBack = true;
    stop.abort();
  };
  handBack.addEventListener('abort', onHandBack, { once: true });
  if (handBack.aborted) onHandBack();
  try {
    await runBuild(
      { runId, directory },
      {
        template,
        templateText: request.templateText,
        keepSeconds: KEEP_SECONDS,
        strict: true,
        staged: true,
        handsBack: () => handedBack && !canceled,
      },
      { ...services, fetchArtifact: fromCopies(request.artifacts, services.fetchArtifact) },
      stream,
      stop.signal,
    );
  } finally {
    clearInterval(poll);
    handBack.removeEventListener('abort', onHandBack);
    for (const log of logs) {
      const incomplete = log.close();
      if (incomplete !== undefined) process.stderr.write(`${log.path}: ${incomplete}\n`);
    }
    await noted;
  }
}
