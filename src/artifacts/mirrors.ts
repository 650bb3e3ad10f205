import { isAbsolute } from 'node:path';
import { artifactError } from '../errors/artifacts.ts';
import { configError } from '../errors/config.ts';
import { parsedUri, shownUri } from './shown-uri.ts';

export interface Mirror {
  readonly from: string;
  readonly to: string;
}

/** Where an absolute URI is really fetched from. */
export type Location =
  | { readonly kind: 'url'; readonly url: URL; readonly mirror: string | undefined }
  /** `segments` are names below `folder`, none of which leads out of it by itself. */
  | { readonly kind: 'folder'; readonly folder: string; readonly segments: readonly string[] };

/** Finds the location of an absolute URI at this site. */
export type Locate = (url: URL) => Location;

/**
 * The longest prefix wins. Prefixes end at a segment: `https://example.org/a` stands for `/a` and `/a/b`, not for
 * `/ab`. A mirrored URI is mapped once and never looked for at its origin. The query is part of a mirror's URL and
 * is dropped for a folder.
 *
 * @throws KilnError `ConfigInvalid` when a mirror is neither an absolute folder nor an http(s) URL;
 *   the returned function throws `MirrorPathDenied`.
 */
export function mirrorMap(mirrors: readonly Mirror[], file: string): Locate {
  const known = mirrors
    .map((mirror, index) => ({ prefix: canonicalPrefix(mirror.from), to: target(mirror.to, index, file) }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return url => {
    const whole = new URL(url);
    whole.hash = '';
    const match = known.find(({ prefix }) => isBelow(whole.href, prefix));
    if (match === undefined) return { kind: 'url', url: whole, mirror: undefined };
    const rest = whole.href.slice(match.prefix.length);
    if (match.to.kind === 'folder') {
      return { kind: 'folder', folder: match.to.folder, segments: segmentsOf(rest, whole, match.to.folder) };
    }
    const base = match.to.url;
    return { kind: 'url', url: new URL(joined(base, rest)), mirror: shownUri(base) };
  };
}

/** As the URL parser writes it, so that case of the host and a default port make no difference. */
function canonicalPrefix(from: string): string {
  const url = parsedUri(from);
  if (url === undefined) return from;
  return url.pathname === '/' && !from.endsWith('/') ? url.href.replace(/\/$/, '') : url.href;
}

function isBelow(href: string, prefix: string): boolean {
  if (!href.startsWith(prefix)) return false;
  return prefix.endsWith('/') || href.length === prefix.length || '/?'.includes(href.charAt(prefix.length));
}

type Target = { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'url'; readonly url: string };

function target(to: string, index: number, file: string): Target {
  if (isAbsolute(to)) return { kind: 'folder', folder: to };
  const url = parsedUri(to);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { kind: 'url', url: to };
  throw configError('ConfigInvalid', {
    file,
    path: `mirrors.${index}.to`,
    reason: `\`${shownUri(to)}\` is neither an absolute folder nor an http or https URL`,
  });
}

function joined(base: string, rest: string): string {
  const tail = base.endsWith('/') ? rest.replace(/^\//, '') : rest;
  return base.endsWith('/') || tail === '' || tail.startsWith('/') || tail.startsWith('?')
    ? `${base}${tail}`
    : `${base}/${tail}`;
}

/** The URL parser has resolved `..` already; what is left of it came in encoded. */
function segmentsOf(rest: string, uri: URL, mirror: string): string[] {
  const path = rest.replace(/\?.*$/s, '');
  return path
    .split('/')
    .filter(segment => segment !== '')
    .map(segment => {
      const name = decoded(segment);
      if (name === undefined || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
        throw artifactError('MirrorPathDenied', { uri: shownUri(uri), mirror });
      }
      return name;
    });
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
