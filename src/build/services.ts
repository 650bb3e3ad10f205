import type { SiteConfig } from '../config/site-config.ts';
import type { Emit } from '../events/build-event.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import type { RunDirectory } from '../home/run-directory.ts';
import type { MachineDriver } from '../machine/machine.ts';
import type { SourceDisk } from '../sources/source-disk.ts';
import type { ArtifactNeed, FetchedArtifact } from '../steps/step.ts';
import type { Store } from '../store/store.ts';
import type { ImageSource } from '../template/model.ts';

export interface ReachOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export interface ResolveOptions extends ReachOptions {
  readonly holder: string;
  /** Region of the template. */
  readonly location: string;
  readonly strict: boolean;
}

/** What a run works with. Whoever starts it, on the command line or in a service, brings these. */
export interface BuildServices {
  readonly home: KilnHome;
  readonly config: SiteConfig;
  readonly store: Store;
  readonly machines: MachineDriver;
  /** Makes a source a disk on this machine that `holder` uses from then on. Emits `source-resolved`. */
  readonly resolveSource: (source: ImageSource, options: ResolveOptions) => Promise<SourceDisk>;
  /** Gives up everything that `holder` uses. */
  readonly releaseSource: (holder: string) => Promise<void>;
  /** Brings a script or file into a directory, verified. */
  readonly fetchArtifact: (need: ArtifactNeed, directory: string, options: ReachOptions) => Promise<FetchedArtifact>;
}

/** What every stage gets besides its inputs. */
export interface StageContext {
  readonly runId: string;
  readonly services: BuildServices;
  readonly directory: RunDirectory;
  readonly emit: Emit;
  /** Aborted by cancellation and by the deadline. */
  readonly signal: AbortSignal;
  /** The template has a staging group that outlives the run. */
  readonly staged: boolean;
}
