import { dirname, resolve } from 'node:path';
import { createFetcher } from '../artifacts/fetcher.ts';
import type { BuildServices } from '../build/services.ts';
import { sweepRuns } from '../build/sweep.ts';
import { loadSiteConfig } from '../config/site-config.ts';
import type { Emit } from '../events/build-event.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { qemuDriver } from '../machine/qemu/driver.ts';
import { usableHome } from '../sandbox/usable-home.ts';
import { releaseSources, resolveSource } from '../sources/resolve-source.ts';
import type { SourceContext } from '../sources/source-context.ts';
import { openStore } from '../store/store.ts';
import { warn } from './output.ts';

/** Directories whose files a template on the command line may name: its own, and what `--allow-dir` adds. */
export function templateDirectories(template: string, more: readonly string[] = []): readonly string[] {
  return [dirname(resolve(template)), ...more.map(directory => resolve(directory))];
}

/** Opens the home and everything on it, cleans up what dead processes left, and closes it all again after `work`. */
export async function withServices<T>(
  fileDirectories: readonly string[],
  work: (services: BuildServices) => Promise<T>,
): Promise<T> {
  const home = kilnHome();
  const config = loadSiteConfig(home);
  await usableHome(home);
  const store = await openStore(home, config);
  try {
    const fetcher = (emit: Emit) =>
      createFetcher({
        home,
        config,
        emit,
        ...(fileDirectories.length === 0 ? {} : { allowFiles: { directories: fileDirectories } }),
      });
    const services: BuildServices = {
      home,
      config,
      store,
      machines: qemuDriver({ home, allow: config.network.allow }),
      resolveSource: (source, options) =>
        resolveSource(source, { ...options, home, config, store, fetcher: fetcher(options.emit) }),
      releaseSource: holder => releaseSources({ home, holder }),
      fetchArtifact: (need, directory, { emit, signal }) => fetcher(emit).fetchArtifact(need, directory, signal),
    };
    await sweepRuns(services, warn);
    return await work(services);
  } finally {
    await store.close();
  }
}

/** What the `source` commands work with. */
export function sourceContext(services: BuildServices, emit: Emit, signal: AbortSignal): SourceContext {
  const { home, config } = services;
  return { home, config, signal, emit, fetcher: createFetcher({ home, config, emit }) };
}
