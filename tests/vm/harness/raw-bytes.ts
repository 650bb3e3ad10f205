import { open } from 'node:fs/promises';
import { dataExtents } from '../../../src/disk/data-extents.ts';

const WINDOW = 8 * 1024 * 1024;

/** Those of the texts whose bytes are somewhere in a file. Holes are skipped. */
export async function textsIn(path: string, texts: readonly string[]): Promise<string[]> {
  const needles = texts.map(text => ({ text, bytes: Buffer.from(text) }));
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1;
  const found = new Set<string>();
  const buffer = Buffer.alloc(WINDOW + overlap);
  const file = await open(path, 'r');
  try {
    for (const { start, end } of await dataExtents(path)) {
      for (let at = start; at < end; at += WINDOW) {
        // Beyond the extent's end too: a text may reach into the next one.
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        const window = buffer.subarray(0, bytesRead);
        for (const { text, bytes } of needles) if (window.includes(bytes)) found.add(text);
      }
    }
    return [...found];
  } finally {
    await file.close();
  }
}
