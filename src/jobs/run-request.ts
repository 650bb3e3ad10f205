import { z } from 'zod';

/** What the database holds of a run's request is written by this or an earlier version of Kiln. */
export const runRequest = z.object({
  templateText: z.string(),
  apiVersion: z.string(),
  templateId: z.string(),
  storageAccount: z.string(),
  artifacts: z.array(z.object({ uri: z.string(), path: z.string(), sha256: z.string() })),
});
