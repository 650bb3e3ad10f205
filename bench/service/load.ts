// Sends one request again and again on connections that stay open, and prints how long the answers took, as JSON.
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { z } from 'zod';

const askedSchema = z.object({
  url: z.string(),
  ca: z.string(),
  connections: z.number(),
  seconds: z.number(),
  method: z.enum(['GET', 'PUT']),
  /** `{n}` is a number that no request before had. */
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  /** Where `{n}` begins. */
  first: z.number(),
});
export type Asked = z.output<typeof askedSchema>;

export const loadSchema = z.object({
  requests: z.number(),
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  failed: z.number(),
});
export type Load = z.output<typeof loadSchema>;

if (process.argv[1] === import.meta.filename) {
  const asked = askedSchema.parse(JSON.parse(process.argv[2] ?? ''));
  console.log(JSON.stringify(await measure(asked)));
}

async function measure(asked: Asked): Promise<Load> {
  const { url, ca, connections, seconds, method, path, headers, body } = asked;
  const pool = new Pool(url, { connections, pipelining: 1, connect: { ca: readFileSync(ca) } });
  const times: number[] = [];
  let failed = 0;
  let next = asked.first;
  const began = performance.now();
  // The first tenth warms both sides up and does not count.
  const counts = began + seconds * 100;
  const end = began + seconds * 1100;
  const client = async (): Promise<void> => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      const n = String(next++);
      const answer = await pool.request({
        method,
        path: path.replace('{n}', n),
        headers,
        ...(body === undefined ? {} : { body }),
      });
      await answer.body.arrayBuffer();
      if (answer.statusCode >= 300) failed += 1;
      if (start >= counts) times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { requests: times.length, perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}
