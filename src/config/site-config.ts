import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { configError } from '../errors/config.ts';
import type { KilnHome } from '../home/kiln-home.ts';

const prefix = z.strictObject({
  /** URL prefix as templates write it. */
  from: z.string().min(1),
  /** A folder (absolute) or another URL prefix. */
  to: z.string().min(1),
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
  /** Region name to the directory that holds that region's blobs. */
  regions: z.record(z.string(), z.string()).default({}),
  /** What stands in on the command line for the placeholders of published samples. */
  subscription: z.string().default('00000000-0000-0000-0000-000000000000'),
  resourceGroup: z.string().default('kiln'),
  gallery: z.string().default('kiln'),
  location: z.string().default('local'),
  /** Further placeholders of published samples, by their words without the brackets, and what each stands for. */
  placeholders: z.record(z.string(), z.string()).default({}),
});

/** What a site decides, with defaults filled in. `docs/internals.md` lists the keys. */
export type SiteConfig = z.output<typeof schema>;

/** Reads `config.yaml` of the home; `KILN_NETWORK_ALLOW` (comma separated) adds to `network.allow`. */
export function loadSiteConfig(home: KilnHome, environment: NodeJS.ProcessEnv = process.env): SiteConfig {
  const config = parseSiteConfig(readIfThere(home.config), home.config);
  const more = (environment['KILN_NETWORK_ALLOW'] ?? '').split(',').map(s => s.trim());
  return { ...config, network: { allow: [...config.network.allow, ...more.filter(s => s !== '')] } };
}

export function parseSiteConfig(text: string, file: string): SiteConfig {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    throw configError('ConfigUnreadable', { file, reason: (cause as Error).message }, { cause });
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
