import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Every file and directory name under `KILN_HOME`, once. `docs/internals.md` describes them.
 */
export interface KilnHome {
  readonly root: string;
  /** Site configuration, written by people. */
  readonly config: string;
  /** SQLite database of the store's metadata. */
  readonly database: string;
  /** One directory per region: the blobs of that region, by digest. */
  readonly regions: string;
  /** Source disks by digest, and their index. */
  readonly sources: string;
  /** Downloads that have not finished, kept so that they can resume. */
  readonly downloads: string;
  /** One directory per run. */
  readonly runs: string;
  /** Facts about this machine that are slow to find out (accelerator). */
  readonly machineFacts: string;
  /** Locks of processes that are at work outside of a run. */
  readonly locks: string;
  /** What `kiln serve` keeps: certificates and keys (`serviceDirectory`). */
  readonly service: string;
}

/** The state directory: `KILN_HOME`, else `~/.kiln` (`/var/lib/kiln` for root). */
export function kilnHome(environment: NodeJS.ProcessEnv = process.env): KilnHome {
  const given = environment['KILN_HOME'];
  const root = given
    ? resolve(given)
    : process.getuid?.() === 0
      ? '/var/lib/kiln'
      : join(environment['HOME'] ?? homedir(), '.kiln');
  return {
    root,
    config: join(root, 'config.yaml'),
    database: join(root, 'kiln.db'),
    regions: join(root, 'regions'),
    sources: join(root, 'sources'),
    downloads: join(root, 'downloads'),
    runs: join(root, 'runs'),
    machineFacts: join(root, 'machine.json'),
    locks: join(root, 'locks'),
    service: join(root, 'service'),
  };
}
