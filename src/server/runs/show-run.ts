import { z } from 'zod';
import { STAGES } from '../../events/build-event.ts';
import { reachable } from '../../providers/virtual-machine-images/run-outputs.ts';
import type { RunRow } from '../../store/database.ts';
import type { StoredRunOutput } from '../../store/runs.ts';
import { type RunDocument, type RunSummaryDocument, runError } from './run-documents.ts';
import type { RunProgress } from './run-progress.ts';

/** What a run's record says of its end. It was written by this or an earlier version of Kiln. */
const result = z.object({
  seconds: z.number().nullish(),
  source: z.string().nullish(),
  sourceDigest: z.string().nullish(),
  error: runError.nullish(),
});
const request = z.object({ templateId: z.string(), storageAccount: z.string() });

/** A run in a list. */
export function showSummary(row: RunRow, queuePosition: number | undefined): RunSummaryDocument {
  const ended = resultOf(row);
  const startedAt = row.status === 'Queued' || row.attempts === 0 ? null : row.started_at;
  const until = row.ended_at === null ? Date.now() : Date.parse(row.ended_at);
  return {
    id: row.id,
    templateId: requestOf(row)?.templateId ?? row.template_key ?? '',
    templateName: row.template_name,
    status: row.status,
    stage: STAGES.find(stage => stage === row.stage) ?? null,
    queuePosition: row.status === 'Queued' ? (queuePosition ?? 0) : null,
    acceptedAt: row.accepted_at ?? row.started_at,
    startedAt,
    endedAt: row.ended_at,
    seconds: startedAt === null ? null : (ended?.seconds ?? Math.max(0, until - Date.parse(startedAt)) / 1000),
    cancelRequested: row.cancel_requested === 1,
    attempts: row.attempts,
    operationId: row.operation_id ?? '',
    correlationId: row.correlation_id ?? '',
    source: ended?.source ?? null,
  };
}

/**
 * A run in full. Paths on the service's machine are of no use to a client.
 *
 * @param url address of the service, where the template's own storage account is
 */
export function showRun(
  row: RunRow,
  url: string,
  queuePosition: number | undefined,
  progress: RunProgress,
  outputs: readonly StoredRunOutput[],
): RunDocument {
  const ended = resultOf(row);
  const account = requestOf(row)?.storageAccount ?? '';
  return {
    ...showSummary(row, queuePosition),
    sourceDigest: ended?.sourceDigest ?? null,
    stages: [...progress.stages],
    steps: [...progress.steps],
    outputs: outputs.map(({ runId: _run, path: _path, artifactUri, ...output }) => ({
      ...output,
      ...(artifactUri === undefined ? {} : { artifactUri: reachable(artifactUri, account, url) }),
    })),
    error: ended?.error ?? null,
  };
}

function requestOf(row: RunRow): z.output<typeof request> | undefined {
  return request.safeParse(parsed(row.request)).data;
}

function resultOf({ result: text }: RunRow): z.output<typeof result> | undefined {
  return result.safeParse(parsed(text)).data;
}

function parsed(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text);
}
