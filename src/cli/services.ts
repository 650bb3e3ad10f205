import { dirname, resolve } from 'node:path';
import { createFetcher } from '../artifacts/fetcher.ts';
import { buildServices } from '../build/open-services.ts';
import type { BuildServices } from '../build/services.ts';
import { sweepRuns } from '../build/sweep.ts';
import { loadSiteConfig } from '../config/site-config.ts';
import type { Emit } from '../events/build-event.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { usableHome } from '../sandbox/usable-home.ts';
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
    const services = buildServices({ home, config, store }, fileDirectories);
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
