import { type TailLine, type TailOptions, tailLines } from './event-tail.ts';

/** How events are written: as server-sent events, or one JSON document a line. */
export type EventForm = 'sse' | 'lines';

export const MEDIA_TYPES: Readonly<Record<EventForm, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  lines: 'application/jsonl; charset=utf-8',
};

/** What a client that names both prefers is not weighed: who wants the stream says so. */
export function formWanted(accept: string | undefined): EventForm {
  const types = (accept ?? '').toLowerCase();
  return /application\/(?:x-ndjson|jsonl|json)\b/.test(types) && !types.includes('text/event-stream') ? 'lines' : 'sse';
}

export interface EventTextOptions extends Omit<TailOptions, 'ended'> {
  /** Of the run; nothing for one that is not there any more. */
  readonly status: () => Promise<string | undefined>;
  /** Wait for the events to come. */
  readonly follow: boolean;
}

/**
 * The events of a run from a position on, and with `follow` those to come. A silence is broken by a comment, or an empty line. The last
 * server-sent event is `end`, with the status that the run has then.
 */
export async function* eventText(
  form: EventForm,
  path: string,
  { status, follow, ...options }: EventTextOptions,
): AsyncGenerator<string, void> {
  const ended = async () => !follow || !['Queued', 'Running'].includes((await status()) ?? '');
  // At once, so that a client sees that it is connected.
  if (form === 'sse') yield ': events of a run\n\n';
  for await (const lines of tailLines(path, { ...options, ended })) {
    if (lines === undefined) yield form === 'sse' ? ': still here\n\n' : '\n';
    else yield lines.map(line => written(form, line)).join('');
  }
  if (form === 'sse' && !options.signal.aborted) {
    yield `event: end\ndata: ${JSON.stringify({ status: (await status()) ?? null })}\n\n`;
  }
}

/** An event is JSON on one line, so it is one line of data. */
function written(form: EventForm, { text, end }: TailLine): string {
  return form === 'sse' ? `id: ${end}\ndata: ${text}\n\n` : `${text}\n`;
}
