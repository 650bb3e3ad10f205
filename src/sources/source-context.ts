import type { Fetcher } from '../artifacts/fetcher.ts';
import type { SiteConfig } from '../config/site-config.ts';
import type { Emit } from '../events/build-event.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import type { Store } from '../store/store.ts';

/** What getting a platform image needs. */
export interface SourceContext {
  readonly home: KilnHome;
  readonly config: Pick<SiteConfig, 'aliases' | 'catalogues'>;
  readonly fetcher: Pick<Fetcher, 'download'>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Kiln's own catalogue and recipes unless another folder is given. */
  readonly catalogue?: string;
  readonly recipes?: string;
}

/** What resolving any source of a template needs. */
export interface ResolveContext extends SourceContext {
  readonly store: Store;
  /** Who uses the disk from now on: `runHolder(runId)`, or `workHolder()` for as long as this process lives. */
  readonly holder: string;
  /** Region of the template. */
  readonly location: string;
  /** Subscription of the template, where it is known: on the command line it is not. */
  readonly subscription?: string;
  readonly strict: boolean;
}
