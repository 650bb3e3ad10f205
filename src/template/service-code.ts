import type { ApiVersion } from './model.ts';
import { isAtLeast } from './versions.ts';

// The service has codes of its own for what keeps a template from being created. Below are those whose problem can be
// seen in the template itself, by the pattern (see `since.ts`) of the place that has it.

export type ServiceCode =
  | 'BadCustomizerType'
  | 'BadDistributeType'
  | 'BadISOSource'
  | 'BadManagedImageSource'
  | 'BadPIRSource'
  | 'BadSharedImageDistribute'
  | 'BadSharedImageVersionSource'
  | 'BadSourceType'
  | 'BadStagingResourceGroup'
  | 'BadValidatorType'
  | 'NoCustomizerScript'
  | 'NoCustomizerShellScript'
  | 'NoValidatorScript';

interface Rule {
  readonly code: ServiceCode;
  readonly places: RegExp;
  readonly since: ApiVersion;
  /** The first version without it. */
  readonly until?: ApiVersion;
}

const CODES: readonly Rule[] = [
  { code: 'BadSourceType', places: /^properties\.source\.type$/, since: '2018-02-01-preview' },
  { code: 'BadPIRSource', places: /^properties\.source\[PlatformImage\]/, since: '2018-02-01-preview' },
  { code: 'BadISOSource', places: /^properties\.source\[ISO\]/, since: '2018-02-01-preview', until: '2020-02-14' },
  { code: 'BadManagedImageSource', places: /^properties\.source\[ManagedImage\]/, since: '2019-02-01-preview' },
  {
    code: 'BadSharedImageVersionSource',
    places: /^properties\.source\[SharedImageVersion\]/,
    since: '2019-05-01-preview',
  },
  { code: 'BadCustomizerType', places: /^properties\.customize\[\]\.type$/, since: '2018-02-01-preview' },
  {
    code: 'NoCustomizerShellScript',
    places: /^properties\.customize\[Shell\]\.scriptUri$/,
    since: '2018-02-01-preview',
    until: '2019-02-01-preview',
  },
  { code: 'NoCustomizerScript', places: /^properties\.customize\[\w+\]\.scriptUri$/, since: '2019-02-01-preview' },
  { code: 'BadDistributeType', places: /^properties\.distribute\[\]\.type$/, since: '2019-02-01-preview' },
  {
    code: 'BadSharedImageDistribute',
    places: /^properties\.distribute\[SharedImage\]\.(?!runOutputName$|artifactTags)/,
    since: '2019-02-01-preview',
  },
  { code: 'BadValidatorType', places: /^properties\.validate\.inVMValidations\[\]\.type$/, since: '2022-02-14' },
  {
    code: 'NoValidatorScript',
    places: /^properties\.validate\.inVMValidations\[\w+\]\.scriptUri$/,
    since: '2022-02-14',
  },
  { code: 'BadStagingResourceGroup', places: /^properties\.stagingResourceGroup$/, since: '2022-02-14' },
];

/** Codes that mean that something is not there. */
const ABSENCE: ReadonlySet<ServiceCode> = new Set<ServiceCode>([
  'NoCustomizerShellScript',
  'NoCustomizerScript',
  'NoValidatorScript',
]);

/**
 * The service's code for a problem at a place, or Kiln's own where the service has none.
 *
 * @param pattern of the place, as in `since.ts`
 * @param own `MissingField` or `BadValue`
 */
export function serviceCode<T extends 'MissingField' | 'BadValue'>(
  version: ApiVersion,
  pattern: string,
  own: T,
): ServiceCode | T {
  const found = CODES.find(
    ({ code, places, since, until }) =>
      places.test(pattern) &&
      isAtLeast(version, since) &&
      (until === undefined || !isAtLeast(version, until)) &&
      (own === 'MissingField' || !ABSENCE.has(code)),
  );
  return found?.code ?? own;
}
