import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Store } from '../store/store.ts';

/** How long an answer stands. Whoever asks need not be logged in, and must not keep the disk busy. */
const STANDS_MS = 1000;
const PATIENCE_MS = 3000;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'failed'>>;
  /** Why a check failed, for the log. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Whether requests can be served: the database answers, and what is written to the home is kept. */
export function readinessProbe(store: Store, directory: string): () => Promise<Readiness> {
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    if (last === undefined || Date.now() - last.at > STANDS_MS) {
      last = { at: Date.now(), answer: look(store, directory) };
    }
    return last.answer;
  };
}

async function look(store: Store, directory: string): Promise<Readiness> {
  const [database, disk] = await Promise.all([
    outcome(() => sql`select 1`.execute(store.db)),
    outcome(() => writeSomething(directory)),
  ]);
  const found = { database, disk };
  const failed = Object.entries(found).flatMap(([name, reason]) => (reason === undefined ? [] : [[name, reason]]));
  return {
    ready: failed.length === 0,
    checks: { database: database === undefined ? 'ok' : 'failed', disk: disk === undefined ? 'ok' : 'failed' },
    reasons: Object.fromEntries(failed),
  };
}

/** Why it failed; `undefined` when it did not. */
async function outcome(check: () => Promise<unknown>): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS} ms`), PATIENCE_MS);
  try {
    return await Promise.race([check().then(() => undefined), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

async function writeSomething(directory: string): Promise<void> {
  const path = join(directory, `probe-${process.pid}`);
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile('Written to see whether the disk takes it.\n');
    await file.sync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
