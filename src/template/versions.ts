import { API_VERSIONS, type ApiVersion } from './model.ts';

/** By this version a template is judged that names none. */
export const NEWEST_VERSION: ApiVersion = '2025-10-01';

/** From this version on, names are compared with their case and unknown ones are errors. */
const STRICT_SINCE: ApiVersion = '2024-02-01';

export function isApiVersion(version: unknown): version is ApiVersion {
  return (API_VERSIONS as readonly unknown[]).includes(version);
}

/** Whether `version` is `since` or newer. */
export function isAtLeast(version: ApiVersion, since: ApiVersion): boolean {
  return API_VERSIONS.indexOf(version) >= API_VERSIONS.indexOf(since);
}

export function isStrict(version: ApiVersion): boolean {
  return isAtLeast(version, STRICT_SINCE);
}
