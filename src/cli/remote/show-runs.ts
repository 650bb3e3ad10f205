import type { RunDocument, RunSummaryDocument } from '../../server/runs/run-documents.ts';
import type { RunRecord } from '../../store/runs.ts';
import { data, json } from '../output.ts';
import { type RunView, renderRun, renderRuns } from '../run-view.ts';
import { findRunOf, getRunOf, runPath, runsOf } from './runs-of-server.ts';
import type { ServerClient } from './server-client.ts';

type Form = 'text' | 'json';

/** `kiln runs list` of a server. */
export async function listRunsOf(client: ServerClient, subscription: string, form: Form): Promise<void> {
  const runs: RunSummaryDocument[] = [];
  for await (const run of runsOf(client, `/subscriptions/${subscription}`)) runs.push(run);
  const records = runs.map(run => ({ ...run, ...recordOf(run) }));
  if (form === 'json') json(records);
  else data(renderRuns(records));
}

/** `kiln runs show` of a server. */
export async function showRunOf(client: ServerClient, subscription: string, name: string, form: Form): Promise<void> {
  const { outputs, error, ...run } = await getRunOf(client, await findRunOf(client, subscription, name));
  const view = { ...run, ...viewOf(client, { ...run, outputs, error }) };
  if (form === 'json') json(view);
  else data(renderRun(view));
}

/** A run as the commands of this machine have it. */
function recordOf(run: RunSummaryDocument): RunRecord {
  const { id, templateName, status, cancelRequested } = run;
  return {
    ...{ id, templateName, status, cancelRequested, accepted: undefined, owner: undefined },
    startedAt: run.startedAt ?? run.acceptedAt,
    endedAt: run.endedAt ?? undefined,
    result: { seconds: run.endedAt === null ? null : run.seconds, source: run.source },
    stage: run.stage ?? undefined,
    heartbeatAt: undefined,
  };
}

function viewOf(client: ServerClient, run: RunDocument): RunView {
  const record = recordOf(run);
  const base = `${client.url}${runPath(run)}`;
  return {
    ...record,
    result: { ...(record.result as object), sourceDigest: run.sourceDigest, error: run.error },
    runOutputs: run.outputs.map(({ artifactId, artifactUri, ...output }) => ({
      ...{ ...output, runId: run.id, path: '' },
      ...(artifactId === undefined ? {} : { artifactId }),
      ...(artifactUri === undefined ? {} : { artifactUri }),
    })),
    logs: {
      customization: `${base}/logs/customization`,
      validation: `${base}/logs/validation`,
      events: `${base}/events`,
    },
    keptUntil: null,
  };
}
