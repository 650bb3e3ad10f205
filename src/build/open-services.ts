import { createFetcher } from '../artifacts/fetcher.ts';
import type { SiteConfig } from '../config/site-config.ts';
import type { Emit } from '../events/build-event.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { qemuDriver } from '../machine/qemu/driver.ts';
import { releaseSources, resolveSource } from '../sources/resolve-source.ts';
import type { Store } from '../store/store.ts';
import type { BuildServices } from './services.ts';

export interface OpenedHome {
  readonly home: KilnHome;
  readonly config: SiteConfig;
  readonly store: Store;
}

/**
 * What runs work with on this machine, on an open store.
 *
 * @param fileDirectories directories whose files a template may name: on the command line only
 */
export function buildServices(
  { home, config, store }: OpenedHome,
  fileDirectories: readonly string[] = [],
): BuildServices {
  const allowFiles = fileDirectories.length === 0 ? {} : { allowFiles: { directories: fileDirectories } };
  const fetcher = (emit: Emit) => createFetcher({ home, config, emit, ...allowFiles });
  return {
    home,
    config,
    store,
    machines: qemuDriver({ home, allow: config.network.allow }),
    resolveSource: (source, options) =>
      resolveSource(source, { ...options, home, config, store, fetcher: fetcher(options.emit) }),
    releaseSource: holder => releaseSources({ home, holder }),
    fetchArtifact: (need, directory, { emit, signal }) => fetcher(emit).fetchArtifact(need, directory, signal),
  };
}
