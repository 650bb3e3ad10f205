import { z } from 'zod';
import { STAGES } from '../../events/build-event.ts';

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });
const seconds = z.number().nonnegative();

const stage = z
  .strictObject({
    name: z.enum(STAGES),
    startedAt: time,
    endedAt: time.nullable(),
    seconds: seconds.nullable(),
  })
  .meta({ id: 'Stage', description: 'A stage that a run has come to. One that was stopped has no end.' });

const step = z
  .strictObject({
    phase: z.enum(['customize', 'optimize', 'validate']),
    index: z.int().meta({ description: 'from 1 within its phase' }),
    total: z.int(),
    type: z.string(),
    name: z.string(),
    startedAt: time.nullable(),
    seconds: seconds.nullable(),
    exitCode: z.int().nullable(),
    ok: z.boolean().nullable(),
  })
  .meta({ id: 'Step', description: 'A step of the template. One that did not run has no times and no exit code.' });

const output = z
  .strictObject({
    name: z.string(),
    type: z.enum(['VHD', 'ManagedImage', 'SharedImage']),
    artifactId: z.string().optional().meta({ description: 'of a managed image or an image version' }),
    artifactUri: z.string().optional().meta({ description: 'of a VHD' }),
    digest: z.string(),
    sizeBytes: z.int(),
  })
  .meta({ id: 'RunOutput' });

const errorDetail = z
  .object({
    code: z.string(),
    message: z.string(),
    target: z.string().optional(),
    line: z.int().optional(),
    column: z.int().optional(),
  })
  .meta({ id: 'ErrorDetail' });

/** What a run failed for, as it stands in its record. */
export const runError = z
  .object({
    code: z.string(),
    message: z.string(),
    todo: z.string().optional().meta({ description: 'what to do about it' }),
    target: z.string().optional().meta({ description: 'JSON path in the template' }),
    details: z.array(errorDetail).optional(),
    output: z.array(z.string()).optional().meta({ description: 'the last lines that the failing step printed' }),
  })
  .meta({ id: 'RunError' });

const summary = {
  id: z.guid(),
  templateId: z.string().meta({ description: 'id of the image template' }),
  templateName: z.string(),
  status: z.enum(['Queued', 'Running', 'Succeeded', 'PartiallySucceeded', 'Failed', 'Canceled', 'TimedOut']),
  stage: z.enum(STAGES).nullable().meta({ description: 'the stage that began last' }),
  queuePosition: z.int().nullable().meta({ description: 'runs before this one, while it is queued' }),
  acceptedAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  seconds: seconds.nullable().meta({ description: 'from the start to the end, or until now' }),
  cancelRequested: z.boolean(),
  attempts: z.int().meta({ description: 'how often it was begun: again after it was handed back to the queue' }),
  operationId: z.string(),
  correlationId: z.string(),
  source: z.string().nullable().meta({ description: 'the exact name of the source, once the run has ended' }),
};

export const runSummary = z.strictObject(summary).meta({ id: 'RunSummary' });

export const runDocument = z
  .strictObject({
    ...summary,
    sourceDigest: z.string().nullable(),
    stages: z.array(stage),
    steps: z.array(step),
    outputs: z.array(output),
    error: runError.nullable(),
  })
  .meta({ id: 'Run' });

export const runList = z
  .strictObject({
    value: z.array(runSummary),
    nextLink: z.url().optional().meta({ description: 'address of the next page, if there is one' }),
  })
  .meta({ id: 'RunList', description: 'The run that was accepted last is the first.' });

export const errorEnvelope = z
  .strictObject({
    error: z.object({
      code: z.string(),
      message: z.string(),
      target: z.string().optional(),
      details: z.array(errorDetail).optional(),
    }),
  })
  .meta({ id: 'Error', description: 'As Azure Resource Manager has it.' });

export type StageDocument = z.output<typeof stage>;
export type StepDocument = z.output<typeof step>;
export type RunSummaryDocument = z.output<typeof runSummary>;
export type RunDocument = z.output<typeof runDocument>;
