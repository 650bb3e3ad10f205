import { z } from 'zod';
import { buildError } from '../../errors/build.ts';
import { type RunDocument, type RunSummaryDocument, runDocument, runList } from '../../server/runs/run-documents.ts';
import type { ServerClient } from './server-client.ts';

// Newer servers may say more than this version knows.
const list = z.object(runList.shape).extend({ value: z.array(z.object(runList.shape.value.element.shape)) });
const document = z.object(runDocument.shape);

const PAGE = 1000;

/** Runs of a subscription or of one template, the newest first. */
export async function* runsOf(client: ServerClient, scope: string, page = PAGE): AsyncGenerator<RunSummaryDocument> {
  let path: string | undefined = `/kiln/v1${scope}/runs?$top=${page}`;
  while (path !== undefined) {
    const found: z.output<typeof list> = await client.json(list, { path });
    yield* found.value;
    path = found.nextLink;
  }
}

/**
 * A run by its id, by the beginning of it, or the newest one for `last`.
 *
 * @throws KilnError `RunNotFound`
 */
export async function findRunOf(client: ServerClient, subscription: string, name: string): Promise<RunSummaryDocument> {
  const scope = `/subscriptions/${subscription}`;
  const matching: RunSummaryDocument[] = [];
  for await (const run of runsOf(client, scope, name === 'last' ? 1 : PAGE)) {
    if (name === 'last' || run.id === name) return run;
    if (run.id.startsWith(name)) matching.push(run);
  }
  const [found] = matching;
  if (found === undefined || matching.length > 1) throw buildError('RunNotFound', { run: name });
  return found;
}

/** Path of a run in Kiln's own API. */
export function runPath({ templateId, id }: Pick<RunSummaryDocument, 'templateId' | 'id'>): string {
  return `/kiln/v1${templateId}/runs/${id}`;
}

export function getRunOf(
  client: ServerClient,
  run: Pick<RunSummaryDocument, 'templateId' | 'id'>,
): Promise<RunDocument> {
  return client.json(document, { path: runPath(run) });
}
