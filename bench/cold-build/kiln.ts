import { z } from 'zod';
import { KILN, KILN_TEMPLATE } from './job.ts';
import { phaseSeconds, type TimedBuild } from './phases.ts';
import { timedCommand } from './timed-command.ts';
import type { Workspace } from './workspace.ts';

const summarySchema = z.object({ runOutputs: z.tuple([z.object({ path: z.string() })]) });

const ENDS = [
  /"type":"waiting".*"index":2/,
  /"type":"stage-finished".*"stage":"boot"/,
  /"type":"stage-finished".*"stage":"customize"/,
  /"type":"stage-finished".*"stage":"generalize"/,
];

/** `kiln build`, the source being in the store and nothing else. */
export async function buildWithKiln({ kilnHome }: Workspace, signal: AbortSignal): Promise<TimedBuild> {
  const { seconds, lines } = await timedCommand({
    file: KILN,
    arguments: ['build', KILN_TEMPLATE, '--output', 'json', '--events'],
    environment: { KILN_HOME: kilnHome },
    signal,
  });
  const { runOutputs } = summarySchema.parse(JSON.parse(lines.at(-1)?.text ?? ''));
  return { seconds, phases: phaseSeconds(lines, ENDS, seconds), image: runOutputs[0].path };
}
