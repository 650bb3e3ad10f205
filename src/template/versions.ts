import { API_VERSIONS, type ApiVersion } from './model.ts';

/** The API versions whose templates Kiln reads. A new one is added here and in `since.ts`. */
export const SUPPORTED_VERSIONS = ['2022-02-14', '2022-07-01', '2023-07-01', '2024-02-01'] as const;
export type SupportedVersion = (typeof SUPPORTED_VERSIONS)[number];

/** From this version on, names are compared with their case and unknown ones are errors. */
const STRICT_SINCE: ApiVersion = '2024-02-01';

export function isSupported(version: string): version is SupportedVersion {
  return (SUPPORTED_VERSIONS as readonly string[]).includes(version);
}

/** Whether `version` is `since` or newer. */
export function isAtLeast(version: ApiVersion, since: ApiVersion): boolean {
  return API_VERSIONS.indexOf(version) >= API_VERSIONS.indexOf(since);
}

export function isStrict(version: ApiVersion): boolean {
  return isAtLeast(version, STRICT_SINCE);
}
