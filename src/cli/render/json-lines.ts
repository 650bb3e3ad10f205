import type { Listener } from '../../events/event-stream.ts';
import { jsonLine } from '../../events/printable.ts';
import type { WriteLine } from './plain.ts';

/** `--events`: every event as one JSON document a line (`docs/events.md`). */
export function createJsonLines(write: WriteLine): Listener {
  return event => write(jsonLine(event));
}
