import { setTimeout as pause } from 'node:timers/promises';
import { artifactError } from '../errors/artifacts.ts';
import { KilnError } from '../errors/kiln-error.ts';
import type { Emit } from '../events/build-event.ts';
import { connectionFailure, type Failure, statusFailure } from './failure.ts';
import type { FetchLimits } from './fetch-limits.ts';
import type { Answer, HttpClient } from './http-client.ts';
import type { PartialDownload } from './partial.ts';
import { type PartialWriter, partialWriter } from './partial-writer.ts';
import { resumePoint } from './resume.ts';
import { shownUri } from './shown-uri.ts';

export interface TransferRequest {
  readonly url: URL;
  readonly client: HttpClient;
  readonly limits: FetchLimits;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Largest body in bytes, and what to do about a larger one. */
  readonly most?: { readonly bytes: number; readonly hint: string };
  /** Whether the content will be compared with a checksum, so that a wrong continuation is found out. */
  readonly checked: boolean;
  /** Bytes so far, and in all when the server says so. Called for each piece. */
  readonly onProgress: (done: number, total: number | undefined) => void;
}

export interface Transferred {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sha512: string;
  /** Whether the body came in more than one piece. */
  readonly pieced: boolean;
}

/**
 * Brings the whole of a URL into a partial, in as many attempts as it takes. The partial is left as it is when that
 * fails; whether it can be resumed is the caller's to judge.
 *
 * @throws KilnError `DownloadFailed`, `TruncatedBody`, `ArtifactNotFound`, `ArtifactTooLarge`, `AddressDenied`,
 *   `RedirectDenied`, `UnsupportedScheme`, `DownloadDiskFull`; the signal's reason when aborted.
 */
export async function transfer(request: TransferRequest, partial: PartialDownload): Promise<Transferred> {
  await using writer = await partialWriter(partial, shownUri(request.url), request.signal);
  const state: State = { facts: partial.facts ?? {}, pieced: writer.size > 0, furthest: writer.size };
  for (let all = 1, idle = 1; ; all += 1, idle += 1) {
    const before = state.furthest;
    const failure = await attempt(request, partial, writer, state);
    if (failure === undefined) break;
    if (state.furthest > before) idle = 1;
    if (!failure.retry || idle >= request.limits.attempts || all >= request.limits.attemptsInAll) {
      throw givenUp(request, state, writer.size, failure, all);
    }
    await waitFor(request, failure, idle);
  }
  await writer.flush();
  return { sizeBytes: writer.size, ...writer.digests.finish(), pieced: state.pieced };
}

interface State {
  facts: NonNullable<PartialDownload['facts']>;
  pieced: boolean;
  /** The most bytes that any attempt had: a server that always breaks at the same place makes no progress. */
  furthest: number;
}

/** One request. `undefined` when the partial is complete. */
async function attempt(
  request: TransferRequest,
  partial: PartialDownload,
  writer: PartialWriter,
  state: State,
): Promise<Failure | undefined> {
  try {
    const point = resumePoint(writer.size, state.facts, request.checked);
    const answer = await request.client.get(request.url, point.headers, request.signal);
    const start = point.start(answer.status, name => answer.header(name));
    if (start.kind === 'complete') {
      await answer.drop();
      return undefined;
    }
    if (start.kind === 'restart') await writer.restart();
    if (start.kind !== 'body') return await refused(request, answer, start.kind);
    if (start.offset === 0) await writer.restart();
    else state.pieced = true;
    state.facts = start.facts;
    await partial.note(state.facts);
    return await receive(request, writer, state, answer);
  } catch (error) {
    request.signal.throwIfAborted();
    return connectionFailure(error);
  }
}

async function receive(
  request: TransferRequest,
  writer: PartialWriter,
  state: State,
  answer: Answer,
): Promise<Failure | undefined> {
  const { total } = state.facts;
  if (total !== undefined) {
    checkSize(request, total);
    await writer.expectMore(total - writer.size);
  }
  for await (const piece of answer.body) {
    checkSize(request, writer.size + piece.length);
    await writer.append(piece);
    state.furthest = Math.max(state.furthest, writer.size);
    request.onProgress(writer.size, total);
  }
  if (total === undefined || writer.size === total) return undefined;
  return { retry: true, reason: 'the body is not as long as announced', hint: '' };
}

async function refused(request: TransferRequest, answer: Answer, kind: 'restart' | 'error' | 'encoded') {
  await answer.drop();
  if (kind === 'restart') return { retry: true, reason: 'the content changed meanwhile', hint: '' };
  if (kind === 'encoded') {
    const reason = `the server compresses (${answer.header('content-encoding')}) although it was asked not to`;
    return { retry: false, reason, hint: 'Serve the file as it is, without Content-Encoding.' };
  }
  if (answer.status === 404 || answer.status === 410) {
    throw artifactError('ArtifactNotFound', { uri: shownUri(request.url), reason: `HTTP ${answer.status}` });
  }
  return statusFailure(answer.status, name => answer.header(name));
}

function checkSize(request: TransferRequest, bytes: number): void {
  if (request.most === undefined || bytes <= request.most.bytes) return;
  const { bytes: limitBytes, hint } = request.most;
  throw artifactError('ArtifactTooLarge', { uri: shownUri(request.url), limitBytes, hint });
}

function givenUp(request: TransferRequest, state: State, received: number, failure: Failure, attempts: number) {
  const uri = shownUri(request.url);
  const { reason, hint } = failure;
  const { total } = state.facts;
  if (total !== undefined && received > 0 && received < total && failure.retry) {
    return artifactError('TruncatedBody', { uri, received, expected: total, reason, attempts });
  }
  return artifactError('DownloadFailed', { uri, reason, attempts, hint });
}

async function waitFor(request: TransferRequest, failure: Failure, idle: number): Promise<void> {
  const { pause: first, longestPause } = request.limits;
  // Spread, so that many builds which lost the same server don't come back at the same moment.
  const own = first * 2 ** (idle - 1) * (0.75 + Math.random() / 2);
  const wait = Math.min(failure.wait ?? own, longestPause);
  const seconds = (wait / 1000).toFixed(1);
  const message = `${shownUri(request.url)}: ${failure.reason}; trying again in ${seconds} s`;
  request.emit({ type: 'log', level: 'warning', message });
  try {
    await pause(wait, undefined, { signal: request.signal });
  } catch (error) {
    request.signal.throwIfAborted();
    throw error;
  }
}

/** Errors after which the bytes so far are still good for another try. */
export function isResumable(error: unknown): boolean {
  return !(error instanceof KilnError) || ['DownloadFailed', 'TruncatedBody'].includes(error.code);
}
