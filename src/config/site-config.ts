import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { configError } from '../errors/config.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { databaseUrlProblem } from './database-url.ts';
import { serviceSection } from './service-config.ts';

const prefix = z.strictObject({
  /** URL prefix as templates write it. */
  from: z.string().min(1),
  /** A folder (absolute) or another URL prefix. */
  to: z.string().min(1),
});

const databaseUrl = z.string().check(context => {
  const message = databaseUrlProblem(context.value);
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
});

const schema = z.strictObject({
  network: z
    .strictObject({
      /** Addresses or CIDR ranges in special-purpose space that build VMs and downloads may reach. */
      allow: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** Where `scriptUri` and `sourceUri` prefixes are found at this site. The longest prefix wins. */
  mirrors: z.array(prefix).default([]),
  /** `publisher:offer:sku` to the same of another image, so that a template runs unchanged on this site's disk. */
  aliases: z.record(z.string(), z.string()).default({}),
  /** More catalogue files, searched before Kiln's own. */
  catalogues: z.array(z.string()).default([]),
  artifacts: z
    .strictObject({
      /** A script or file above this size is refused. */
      maxMiB: z.number().int().positive().default(1024),
    })
    .prefault({}),
  /** URL of a PostgreSQL database that holds the store's metadata; without it SQLite in the home does. It may hold a password. */
  database: databaseUrl.optional(),
  /** Region name to the directory that holds that region's blobs. */
  regions: z.record(z.string(), z.string()).default({}),
  /** What stands in on the command line for the placeholders of published samples. */
  subscription: z.string().default('00000000-0000-0000-0000-000000000000'),
  resourceGroup: z.string().default('kiln'),
  gallery: z.string().default('kiln'),
  location: z.string().default('local'),
  /** Further placeholders of published samples, by their words without the brackets, and what each stands for. */
  placeholders: z.record(z.string(), z.string()).default({}),
  /** How `kiln serve` runs; `serviceConfig` adds what the environment and the command line say. */
  service: serviceSection.prefault({}),
});

/** What a site decides, with defaults filled in. `docs/internals.md` lists the keys. */
export type SiteConfig = z.output<typeof schema>;

/** Reads `config.yaml` of the home; `KILN_NETWORK_ALLOW` (comma separated) adds to `network.allow`, `KILN_DATABASE` goes before `database`. */
export function loadSiteConfig(home: KilnHome, environment: NodeJS.ProcessEnv = process.env): SiteConfig {
  const config = parseSiteConfig(readIfThere(home.config), home.config);
  const more = (environment['KILN_NETWORK_ALLOW'] ?? '').split(',').map(s => s.trim());
  const network = { allow: [...config.network.allow, ...more.filter(s => s !== '')] };
  const database = environment['KILN_DATABASE'] || undefined;
  if (database === undefined) return { ...config, network };
  const reason = databaseUrlProblem(database);
  if (reason !== undefined)
    throw configError('ConfigInvalid', { file: 'of the environment', path: 'KILN_DATABASE', reason });
  return { ...config, network, database };
}

export function parseSiteConfig(text: string, file: string): SiteConfig {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    // What follows the first line is an excerpt of the file, in which there may be a password.
    const [reason = ''] = (cause as Error).message.split(/:?\n/);
    throw configError('ConfigUnreadable', { file, reason });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw configError('ConfigInvalid', {
    file,
    path: first?.path.join('.') || '(top level)',
    reason: first?.message ?? 'invalid',
  });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw configError('ConfigUnreadable', { file, reason: (cause as Error).message }, { cause });
  }
}
