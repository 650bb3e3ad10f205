import { storeError } from '../errors/store.ts';

/** The three numbers of a gallery image version. */
export interface VersionNumber {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Each part is a signed 32-bit number in the API. */
const HIGHEST_PART = 2_147_483_647;

/** @throws KilnError `VersionNumberInvalid`. */
export function parseVersion(version: string): VersionNumber {
  const parts = version.split('.');
  const fail = (reason: string) => storeError('VersionNumberInvalid', { version, reason });
  if (parts.length !== 3 || !parts.every(part => /^\d+$/.test(part))) throw fail('it is not three numbers');
  const [major = 0, minor = 0, patch = 0] = parts.map(Number);
  if (Math.max(major, minor, patch) > HIGHEST_PART) throw fail(`a part is above ${HIGHEST_PART}`);
  return { major, minor, patch };
}

export function renderVersion({ major, minor, patch }: VersionNumber): string {
  return `${major}.${minor}.${patch}`;
}

/** Negative when `a` is the lower one. */
export function compareVersions(a: VersionNumber, b: VersionNumber): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/**
 * The number after the highest of those that exist, in major version `major` or in any (-1). The first of all is 0.0.1, the
 * first of a major version above 0 is `<major>.0.0`.
 */
export function nextVersion(existing: readonly VersionNumber[], major: number): VersionNumber {
  const highest = highestOf(major === -1 ? existing : existing.filter(version => version.major === major));
  if (highest !== undefined) return above(highest);
  return major <= 0 ? { major: 0, minor: 0, patch: 1 } : { major, minor: 0, patch: 0 };
}

/**
 * The number for an image made from a source of version `source`: the source's own, or when that is taken the next one above
 * the highest with the same major and minor. Leading zeros are dropped (`18.04.202401161` is `18.4.202401161`).
 *
 * @throws KilnError `VersionNumberInvalid`.
 */
export function versionFromSource(existing: readonly VersionNumber[], source: string | undefined): VersionNumber {
  if (source === undefined) {
    const reason = 'versioning `Source` needs a source that has a version';
    throw storeError('VersionNumberInvalid', { version: '(none)', reason });
  }
  const wanted = parseVersion(source);
  if (!existing.some(version => compareVersions(version, wanted) === 0)) return wanted;
  const same = existing.filter(({ major, minor }) => major === wanted.major && minor === wanted.minor);
  const next = above(highestOf(same) ?? wanted);
  if (next.minor === wanted.minor && next.major === wanted.major) return next;
  throw storeError('VersionNumberInvalid', { version: source, reason: 'no number above it is free' });
}

function highestOf(versions: readonly VersionNumber[]): VersionNumber | undefined {
  return [...versions].sort(compareVersions).at(-1);
}

function above({ major, minor, patch }: VersionNumber): VersionNumber {
  if (patch < HIGHEST_PART) return { major, minor, patch: patch + 1 };
  if (minor < HIGHEST_PART) return { major, minor: minor + 1, patch: 0 };
  const version = renderVersion({ major, minor, patch });
  throw storeError('VersionNumberInvalid', { version, reason: 'there is no higher number in this major version' });
}
