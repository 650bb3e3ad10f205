/** How often a client is asked to look again, in seconds. `az` waits 30 where nothing says it. */
export const RETRY_AFTER_SECONDS = 2;

export interface PolledOperation {
  readonly id: string;
  readonly status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly error: unknown;
  readonly result: unknown;
}

/** Headers of an answer whose work goes on. */
export function pollingHeaders(
  url: string,
  of: ReadonlySet<'Azure-AsyncOperation' | 'Location'>,
): Record<string, string> {
  return {
    ...(of.has('Azure-AsyncOperation') ? { 'Azure-AsyncOperation': url } : {}),
    ...(of.has('Location') ? { Location: url } : {}),
    'Retry-After': String(RETRY_AFTER_SECONDS),
  };
}

/** The body at an operation's URL. Times have seven fractional digits, as Azure's. */
export function statusBody(operation: PolledOperation): Record<string, unknown> {
  return {
    name: operation.id,
    status: operation.status,
    startTime: ticks(operation.startedAt),
    ...(operation.endedAt === undefined ? {} : { endTime: ticks(operation.endedAt) }),
    ...(operation.error == null ? {} : { error: operation.error }),
    ...(operation.status !== 'Succeeded' || operation.result == null ? {} : { properties: operation.result }),
  };
}

/** `2026-11-21T16:00:00.123Z` with seven digits after the point. */
export function ticks(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_, digits: string | undefined) => `.${(digits ?? '').padEnd(7, '0')}Z`);
}
