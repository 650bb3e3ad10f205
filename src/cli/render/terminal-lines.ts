import type { BuildEvent } from '../../events/build-event.ts';
import { errorLines, type Line, lineOf } from './wording.ts';

/** What of an event stays on the screen. */
export function keptLines(event: BuildEvent): Line[] {
  const line = lineOf(event);
  switch (event.type) {
    case 'stage-started':
    case 'step-started':
    case 'step-output':
    case 'waiting':
    case 'progress':
    case 'machine-started':
    case 'machine-stopped':
      return [];
    case 'step-finished':
    case 'artifact-published':
      return line === undefined ? [] : [{ ...line, text: `${line.tone === 'bad' ? '✗' : '✓'} ${line.text}` }];
    case 'stage-finished':
      // The steps of these stages have their own lines.
      if (event.stage === 'customize' || event.stage === 'validate') return [];
      return line === undefined ? [] : [{ ...line, text: `✓ ${line.text}` }];
    case 'run-finished':
      return [...(event.error === undefined ? [] : errorLines(event.error)), ...(line === undefined ? [] : [line])];
    default:
      return line === undefined ? [] : [line];
  }
}
