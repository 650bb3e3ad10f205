import type { FastifyServerOptions } from 'fastify';

/** One JSON document a line, times in ISO 8601, the level as a word. */
export function loggerOptions(
  level: string,
  stream: NodeJS.WritableStream,
): NonNullable<FastifyServerOptions['logger']> {
  return {
    level,
    stream: inBatches(stream),
    base: { pid: process.pid },
    timestamp,
    formatters: { level: label => ({ level: label }) },
  };
}

let shown = { at: 0, text: '' };

/** Most lines are of the same millisecond as the one before. */
function timestamp(): string {
  const at = Date.now();
  if (at !== shown.at) shown = { at, text: `,"time":"${new Date(at).toISOString()}"` };
  return shown.text;
}

/** Writes the lines of one turn of the event loop together: writing to a pipe blocks the process, and each time costs as much as a request. */
function inBatches(stream: NodeJS.WritableStream): { write(line: string): void } {
  let waiting = '';
  const flush = () => {
    const text = waiting;
    waiting = '';
    if (text !== '') stream.write(text);
  };
  process.once('exit', flush);
  return {
    write: line => {
      if (waiting === '') setImmediate(flush);
      waiting += line;
    },
  };
}
