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

/** The purchase plan of a Marketplace image. */
export interface PlanInfo {
  readonly planName: string;
  readonly planProduct: string;
  readonly planPublisher: string;
}

export interface PlatformImageSource {
  readonly type: 'PlatformImage';
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  /** An exact version or `latest`. */
  readonly version: string;
  readonly planInfo?: PlanInfo;
}

/** A RHEL installation medium: API versions before 2020-02-14 name it, and nothing can build from it any more. */
export interface IsoSource {
  readonly type: 'ISO';
  readonly sourceUri: string;
  readonly sha256Checksum: string;
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

export type ImageSource = PlatformImageSource | ManagedImageSource | SharedImageVersionSource | IsoSource;

export type OnError = 'cleanup' | 'abort';

/** A switch as a template writes it; `undefined` when the template leaves it to the service, which means off. */
export type State = 'Enabled' | 'Disabled' | undefined;

/** Networks of Azure that the build VM is to be in; empty where not given. */
export interface VnetConfig {
  readonly subnetId: string;
  readonly containerInstanceSubnetId: string;
  readonly proxyVmSize: string;
}

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
    /** ARM ids of the identities that the build VM gets. */
    readonly userAssignedIdentities: readonly string[];
    readonly vnetConfig: VnetConfig;
  };
  readonly optimize: {
    readonly vmBoot: State;
    readonly workload: { readonly state: State; readonly scriptUri: string; readonly sha256Checksum: string };
  };
  readonly additionalDataDisks: readonly { readonly sizeGB: number }[];
  readonly autoRun: State;
  /** For the resources that a build makes for itself. */
  readonly managedResourceTags: Readonly<Record<string, string>>;
  /** ARM id of a resource group; empty when the build makes its own. */
  readonly stagingResourceGroup: string;
  /** 240 when the template says 0 or nothing. */
  readonly buildTimeoutMinutes: number;
  readonly errorHandling: { readonly onCustomizerError: OnError; readonly onValidationError: OnError };
}
