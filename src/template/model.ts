import type { DistributeTarget } from '../distributors/targets.ts';
import type { Customizer, Validator } from '../steps/registry.ts';

/** Every API version of the provider, oldest first. */
export const API_VERSIONS = [
  '2018-02-01-preview',
  '2019-02-01-preview',
  '2019-05-01-preview',
  '2020-02-14',
  '2021-10-01',
  '2022-02-14',
  '2022-07-01',
  '2023-07-01',
  '2024-02-01',
  '2025-10-01',
] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

export interface PlatformImageSource {
  readonly type: 'PlatformImage';
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  /** An exact version or `latest`. */
  readonly version: string;
}

export interface ManagedImageSource {
  readonly type: 'ManagedImage';
  readonly imageId: string;
}

export interface SharedImageVersionSource {
  readonly type: 'SharedImageVersion';
  /** ARM id ending in `/versions/{x.y.z}` or `/versions/latest`. */
  readonly imageVersionId: string;
}

export type ImageSource = PlatformImageSource | ManagedImageSource | SharedImageVersionSource;

export type OnError = 'cleanup' | 'abort';

/** An image template of any API version. Defaults are filled in; nothing here depends on the version any more. */
export interface ImageTemplate {
  readonly apiVersion: ApiVersion;
  /** The resource's name, or the file's when the template has none. */
  readonly name: string;
  /** Normalised region name: lower case, no spaces. */
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** ARM ids of the user-assigned identities. */
  readonly identities: readonly string[];
  readonly source: ImageSource;
  readonly customize: readonly Customizer[];
  readonly validate: {
    readonly continueDistributeOnFailure: boolean;
    readonly sourceValidationOnly: boolean;
    readonly inVMValidations: readonly Validator[];
  };
  readonly distribute: readonly DistributeTarget[];
  readonly vmProfile: {
    /** Empty for the default of the source's generation. */
    readonly vmSize: string;
    /** 0 for the size of the source. */
    readonly osDiskSizeGB: number;
  };
  /** 240 when the template says 0 or nothing. */
  readonly buildTimeoutMinutes: number;
  readonly errorHandling: { readonly onCustomizerError: OnError; readonly onValidationError: OnError };
}
