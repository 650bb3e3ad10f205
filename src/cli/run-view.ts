import { bootTimes } from '../events/boot-times.ts';
import type { BootOptimization } from '../events/build-event.ts';
import type { RunRecord, StoredRunOutput } from '../store/runs.ts';
import { duration, size } from './render/amounts.ts';

export interface RunView extends RunRecord {
  readonly runOutputs: readonly StoredRunOutput[];
  readonly logs: Readonly<Record<string, string>>;
  readonly keptUntil: string | null;
}

/** A table of runs. */
export function renderRuns(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return 'There are no runs yet.';
  const rows = runs.map(run => [run.id, run.startedAt.slice(0, 16).replace('T', ' '), run.status, run.templateName]);
  const table = [['RUN', 'STARTED', 'STATUS', 'TEMPLATE'], ...rows];
  const widths = [0, 1, 2].map(column => Math.max(...table.map(row => (row[column] ?? '').length)));
  return table.map(row => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n');
}

/** One run in full. */
export function renderRun(run: RunView): string {
  const result = (run.result ?? {}) as {
    seconds?: number | null;
    source?: string | null;
    optimize?: { vmBoot?: BootOptimization | null } | null;
    error?: { message?: string } | null;
  };
  const logs = Object.entries(run.logs);
  const logWidth = Math.max(0, ...logs.map(([name]) => name.length));
  const lines = [
    `run       ${run.id}`,
    `template  ${run.templateName}`,
    `status    ${run.status}`,
    `started   ${run.startedAt}`,
    `ended     ${run.endedAt ?? '-'}${typeof result.seconds === 'number' ? `  (${duration(result.seconds)})` : ''}`,
    ...(result.source ? [`source    ${result.source}`] : []),
    ...(result.optimize?.vmBoot ? [`boot      ${bootTimes(result.optimize.vmBoot)}`] : []),
    ...(result.error?.message ? [`error     ${result.error.message}`] : []),
    ...(run.keptUntil === null ? [] : [`VM        kept until ${run.keptUntil}: kiln ssh ${run.id}`]),
    ...run.runOutputs.flatMap(output => [
      `output    ${output.name}  ${output.type}  ${size(output.sizeBytes)}  ${output.digest}`,
      ...(output.artifactId === undefined ? [] : [`          ${output.artifactId}`]),
      // The path of a file URI is told below; what a server keeps has no path here.
      ...(output.artifactUri === undefined || output.path !== '' ? [] : [`          ${output.artifactUri}`]),
      ...(output.path === '' ? [] : [`          ${output.path}`]),
    ]),
    ...logs.map(([name, path]) => `log       ${name.padEnd(logWidth)}  ${path}`),
  ];
  return lines.join('\n');
}
