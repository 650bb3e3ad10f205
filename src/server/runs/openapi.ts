import { z } from 'zod';
import { errorEnvelope, runDocument, runList } from './run-documents.ts';

const TEMPLATE =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.VirtualMachineImages/imageTemplates/{imageTemplateName}';

/** Paths of Kiln's own API, below `/kiln/v1`. Each begins with the ARM scope that it is about. */
export const PATHS = {
  subscriptionRuns: '/subscriptions/{subscriptionId}/runs',
  templateRuns: `${TEMPLATE}/runs`,
  run: `${TEMPLATE}/runs/{runId}`,
  cancel: `${TEMPLATE}/runs/{runId}/cancel`,
  events: `${TEMPLATE}/runs/{runId}/events`,
  log: `${TEMPLATE}/runs/{runId}/logs/{log}`,
  openapi: '/openapi.json',
} as const;

export const PREFIX = '/kiln/v1';

/** A path as Fastify writes it. */
export function routePath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

const SCHEMAS = { Run: runDocument, RunList: runList, Error: errorEnvelope };

const DESCRIPTIONS: Readonly<Record<string, { readonly description?: string; readonly enum?: readonly string[] }>> = {
  runId: { description: 'id of the run, a GUID' },
  log: { enum: ['customization', 'validation'] },
};

const PAGING = [
  query('$top', { type: 'integer', minimum: 1, maximum: 1000 }, 'how many runs a page has'),
  query('$skipToken', { type: 'string' }, 'of `nextLink`'),
];
const AFTER = 'Last-Event-ID';

/** The description of the API (OpenAPI 3.1), made from the schemas of its answers. */
export function openApi(version: string, url: string): object {
  const json = (name: keyof typeof SCHEMAS) => ({ 'application/json': { schema: reference(name) } });
  const errors = { default: { description: 'What went wrong.', content: json('Error') } };
  const get = (summary: string, path: string, responses: object, more: readonly object[] = []) => ({
    get: { summary, parameters: [...parametersOf(path), ...more], responses: { ...responses, ...errors } },
  });
  const bytes = { 'text/plain': { schema: { type: 'string' } } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kiln',
      version,
      description:
        'What Azure Resource Manager has no operations for: the runs of image templates, as they happen. Tokens are those of the rest of the service.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: `${url}${PREFIX}` }],
    security: [{ token: [] }],
    paths: {
      [PATHS.subscriptionRuns]: get(
        'Runs of all templates of a subscription, the newest first',
        PATHS.subscriptionRuns,
        { 200: { description: 'A page of runs.', content: json('RunList') } },
        PAGING,
      ),
      [PATHS.templateRuns]: get(
        'Runs of a template, the newest first',
        PATHS.templateRuns,
        { 200: { description: 'A page of runs.', content: json('RunList') } },
        PAGING,
      ),
      [PATHS.run]: get('A run with its stages, steps and outputs', PATHS.run, {
        200: { description: 'The run.', content: json('Run') },
      }),
      [PATHS.cancel]: {
        post: {
          summary: 'Asks for the end of a run; one that is queued ends at once',
          parameters: parametersOf(PATHS.cancel),
          responses: { 202: { description: 'The run as it is now.', content: json('Run') }, ...errors },
        },
      },
      [PATHS.events]: get(
        'Events of a run, also those to come, until its end',
        PATHS.events,
        {
          200: {
            description:
              'Server-sent events: `data` is an event of docs/events.md, `id` the position behind it; the last one is named `end`. With `Accept: application/json` the events alone, one JSON document a line.',
            content: {
              'text/event-stream': { schema: { type: 'string' } },
              'application/jsonl': { schema: { type: 'string' } },
            },
          },
          204: { description: 'The run has ended, and there is nothing after the position.' },
        },
        [
          query('follow', { type: 'boolean', default: true }, 'wait for the events to come, until the end of the run'),
          header(AFTER, 'position to go on from: the `id` of the last event that was seen'),
        ],
      ),
      [PATHS.log]: get(
        'A log of a run, whole or a part of it',
        PATHS.log,
        {
          200: { description: 'The log as far as it is written.', content: bytes },
          206: { description: 'The part that was asked for.', content: bytes },
          416: { description: 'The log does not have these bytes (yet).' },
        },
        [header('Range', '`bytes=<from>-<to>`, `bytes=<from>-` or `bytes=-<count>`')],
      ),
      [PATHS.openapi]: get('This document', PATHS.openapi, {
        200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
      }),
    },
    components: {
      schemas: componentSchemas(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function componentSchemas(): object {
  const all = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) all.add(schema, { id });
  for (const schema of namedParts(Object.values(SCHEMAS))) all.add(schema.schema, { id: schema.id });
  const { schemas } = z.toJSONSchema(all, { uri: id => `#/components/schemas/${id}`, io: 'output' });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, id: __id, ...schema }]) => [id, schema]),
  );
}

/** Parts of the schemas that have a name of their own. */
function namedParts(roots: readonly z.ZodType[]): readonly { readonly id: string; readonly schema: z.ZodType }[] {
  const found = new Map<string, z.ZodType>();
  const visit = (schema: z.ZodType): void => {
    const { id } = schema.meta() ?? {};
    if (id !== undefined) {
      if (found.has(id)) return;
      found.set(id, schema);
    }
    if (schema instanceof z.ZodObject) for (const part of Object.values(schema.shape)) visit(part as z.ZodType);
    if (schema instanceof z.ZodArray) visit(schema.element as z.ZodType);
    if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) visit(schema.unwrap() as z.ZodType);
  };
  for (const root of roots) visit(root);
  for (const id of Object.keys(SCHEMAS)) found.delete(id);
  return [...found].map(([id, schema]) => ({ id, schema }));
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function parametersOf(path: string): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const { description, enum: values } = DESCRIPTIONS[name] ?? {};
    const schema = { type: 'string', ...(values === undefined ? {} : { enum: values }) };
    return { name, in: 'path', required: true, schema, ...(description === undefined ? {} : { description }) };
  });
}

function query(name: string, schema: object, description: string): object {
  return { name, in: 'query', required: false, schema, description };
}

function header(name: string, description: string): object {
  return { name, in: 'header', required: false, schema: { type: 'string' }, description };
}
