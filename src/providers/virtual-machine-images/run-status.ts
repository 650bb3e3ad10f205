import { ticks } from '../../arm/long-running.ts';
import type { Stage } from '../../events/build-event.ts';
import type { RunRecord } from '../../store/runs.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the service writes for a time that has not come: the first moment of Go's calendar. */
const NEVER = '0001-01-01T00:00:00Z';

const HELP = 'For more troubleshooting steps go to https://aka.ms/azvmimagebuilderts.';

/** What AIB calls the stages of a run. */
const SUB_STATES: Readonly<Record<Stage, string>> = {
  resolve: 'Building',
  fetch: 'Building',
  boot: 'Building',
  customize: 'Customizing',
  optimize: 'Optimizing',
  generalize: 'Customizing',
  validate: 'Validating',
  distribute: 'Distributing',
  'clean-up': 'Distributing',
};

/**
 * `lastRunStatus` of a template. Times of a start have the service's nine fractional digits.
 *
 * @param logs where the logs of the run are, for whoever has to find out why it failed
 */
export function lastRunStatus(run: RunRecord, logs: string): Json {
  const startTime = ticks(run.startedAt).replace(/Z$/, '00Z');
  if (run.status === 'Queued' || run.status === 'Running') {
    if (run.cancelRequested) {
      return { startTime, endTime: NEVER, runState: 'Canceling', message: 'Canceling image build' };
    }
    const runSubState = run.status === 'Queued' ? 'Queued' : SUB_STATES[run.stage ?? 'resolve'];
    return { startTime, endTime: NEVER, runState: 'Running', runSubState, message: '' };
  }
  const ended = { startTime, endTime: run.endedAt === undefined ? NEVER : ticks(run.endedAt).replace(/Z$/, '00Z') };
  switch (run.status) {
    case 'Succeeded':
      return { ...ended, runState: 'Succeeded', message: '' };
    case 'Canceled':
      return { ...ended, runState: 'Canceled', message: 'The build was canceled' };
    case 'PartiallySucceeded':
      return { ...ended, runState: 'PartiallySucceeded', message: failureMessage(run, logs) };
    case 'TimedOut':
    case 'Failed':
      return { ...ended, runState: 'Failed', message: failureMessage(run, logs) };
  }
}

/** The service's sentences, which people search their mail for, around what went wrong. */
function failureMessage(run: RunRecord, logs: string): string {
  const { error } = (run.result ?? {}) as { error?: { message?: string; todo?: string } | null };
  const said = [error?.message, error?.todo].filter(text => text !== undefined && text !== '').join(' ');
  const operation = run.accepted?.operationId.toLowerCase() ?? run.id;
  const where = `Image Build log location: ${logs}. OperationId: ${operation}. Use this operationId to search packer logs.`;
  const correlation = `Deployment failed. Correlation ID: ${run.accepted?.correlationId ?? operation}.`;
  if (run.status === 'TimedOut') {
    return `${correlation} Failed in building/customizing image: Failed while waiting for packerizer: Timeout waiting for microservice to complete: 'context deadline exceeded'. ${said} ${where}`;
  }
  return `${correlation} During the image build a failure has occurred. ${said} Please review the build log to identify which build/customization step failed. ${HELP} ${where}`;
}
