import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { KilnError } from '../errors/kiln-error.ts';
import { runTool } from '../sandbox/tool.ts';

/** A range of a file that may hold something other than zeros, in bytes. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const mapSchema = z.array(z.object({ start: z.number(), length: z.number(), data: z.boolean(), zero: z.boolean() }));

/**
 * The ranges of a file that are not holes, in order. The whole file where that cannot be found out: holes save
 * time, and nothing depends on them.
 */
export async function dataExtents(path: string, signal?: AbortSignal): Promise<readonly Extent[]> {
  const { size, blocks } = await stat(path);
  if (size === 0) return [];
  const whole = [{ start: 0, end: size }];
  if (blocks * 512 >= size) return whole;
  try {
    // Node has no SEEK_DATA; qemu-img has. A VM may hold the file's lock (-U).
    const { stdout } = await runTool('qemu-img', ['map', '-U', '-f', 'raw', '--output=json', path], {
      readable: [path],
      ...(signal === undefined ? {} : { signal }),
    });
    return parseMap(stdout, size);
  } catch (cause) {
    if (cause instanceof KilnError && cause.code === 'ToolFailed') return whole;
    throw cause;
  }
}

/** Data ranges of `qemu-img map` output, cut at the end of the file (which qemu-img rounds to a sector). */
export function parseMap(json: string, size: number): readonly Extent[] {
  return mapSchema
    .parse(JSON.parse(json))
    .filter(range => range.data && !range.zero)
    .map(range => ({ start: range.start, end: Math.min(range.start + range.length, size) }))
    .filter(range => range.start < range.end);
}
