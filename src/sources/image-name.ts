import { sourceError } from '../errors/sources.ts';

/** `publisher:offer:sku`, as written. Compared without case, as Azure does. */
export interface ImageName {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
}

const PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const VERSION = /^\d{1,10}\.\d{1,10}\.\d{1,10}$/;

export function isImageName(text: string): boolean {
  const parts = text.split(':');
  return parts.length === 3 && parts.every(part => PART.test(part));
}

/** Three numbers: what a version of a gallery or platform image looks like. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** `publisher:offer:sku` */
export function renderImageName({ publisher, offer, sku }: ImageName): string {
  return `${publisher}:${offer}:${sku}`;
}

/** What two names that mean the same image have in common. */
export function imageKey(name: string): string {
  return name.toLowerCase();
}

/**
 * Takes `publisher:offer:sku` or `publisher:offer:sku:version` apart; the version is `latest` when there is none.
 *
 * @throws KilnError `SourceNameInvalid`.
 */
export function parseImageReference(text: string): { readonly name: string; readonly version: string } {
  const parts = text.split(':');
  const fail = (reason: string) => sourceError('SourceNameInvalid', { name: text, reason });
  if (parts.length !== 3 && parts.length !== 4)
    throw fail(`it has ${parts.length === 1 ? 'one part' : `${parts.length} parts`}`);
  const name = parts.slice(0, 3).join(':');
  if (!isImageName(name)) throw fail('its parts are letters, digits, dots, dashes and underscores');
  const version = parts[3] ?? 'latest';
  if (version.toLowerCase() === 'latest') return { name, version: 'latest' };
  if (!isVersion(version)) throw fail(`the version \`${version}\` is neither \`latest\` nor three numbers`);
  return { name, version };
}

/** Negative when `a` is the lower version. Compares as numbers: 0.10.0 is above 0.9.0. */
export function compareImageVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Names that look like `name`, the closest first. */
export function similarNames(name: string, names: readonly string[], limit = 3): string[] {
  const wanted = pairs(name);
  return names
    .map(candidate => ({ candidate, likeness: likeness(wanted, pairs(candidate)) }))
    .filter(({ likeness }) => likeness > 0.5)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function pairs(text: string): ReadonlySet<string> {
  const key = imageKey(text);
  return new Set(Array.from({ length: Math.max(0, key.length - 1) }, (_, index) => key.slice(index, index + 2)));
}

/** Share of the pairs of letters that both have (Dice's coefficient), 0 to 1. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter(pair => b.has(pair)).length;
  return shared === 0 ? 0 : (2 * shared) / (a.size + b.size);
}
