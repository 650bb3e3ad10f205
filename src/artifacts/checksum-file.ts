import { artifactError } from '../errors/artifacts.ts';
import { shownUri } from './shown-uri.ts';

export type ChecksumAlgorithm = 'sha256' | 'sha512';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hexadecimal. */
  readonly digest: string;
}

interface Entry extends Checksum {
  readonly name: string;
}

/**
 * The strongest checksum that a published file states for `name`. Understood are `SHA256SUMS` and `SHA512SUMS`
 * (digest, then name), BSD lines (`SHA256 (name) = digest`), both inside a clear-signed message, and a file that holds
 * one digest and nothing else.
 *
 * @param name - base name of the file that the checksum is for.
 * @param uri - where the text is from. If it is named after the file (`disk.qcow2.sha256`), its only entry counts
 *   whatever name it has: publishers keep the name of the exact build in it.
 * @throws KilnError `ChecksumNotListed`
 */
export function checksumFor(text: string, name: string, uri: string): Checksum {
  const refuse = (reason: string) => artifactError('ChecksumNotListed', { uri: shownUri(uri), name, reason });
  const entries = text.split(/\r?\n/).flatMap(parsedLine);
  const [only, ...more] = entries;
  const ownFile = baseName(uri).startsWith(`${name}.`);
  const own = entries.filter(entry => entry.name !== '' && baseName(entry.name) === name);
  const fitting =
    own.length > 0 || only === undefined || more.length > 0 || !(ownFile || only.name === '') ? own : [only];
  if (fitting.length === 0) throw refuse(`${entries.length} other entries`);
  const strongest = fitting.find(entry => entry.algorithm === 'sha512') ?? fitting[0];
  if (strongest === undefined) throw refuse('no entry');
  const contradicts = (entry: Entry) => entry.algorithm === strongest.algorithm && entry.digest !== strongest.digest;
  if (fitting.some(contradicts)) throw refuse('its entries contradict each other');
  return { algorithm: strongest.algorithm, digest: strongest.digest };
}

const BSD = /^(SHA256|SHA512) ?\((.+)\) ?= ?([0-9a-f]+)$/i;
const GNU = /^\\?([0-9a-f]{64}|[0-9a-f]{128})(?:\s+[ *]?(.+)| \*(.+))?$/i;

function parsedLine(line: string): Entry[] {
  const text = line.trim();
  const [, algorithm, bsdName = '', bsdDigest = ''] = BSD.exec(text) ?? [];
  if (algorithm !== undefined) return entry(bsdDigest, bsdName, algorithm.toLowerCase());
  const [, digest, name, starred] = GNU.exec(text) ?? [];
  return digest === undefined ? [] : entry(digest, name ?? starred ?? '');
}

function entry(digest: string, name: string, stated?: string): Entry[] {
  const algorithm = digest.length === 64 ? 'sha256' : digest.length === 128 ? 'sha512' : undefined;
  if (algorithm === undefined || (stated !== undefined && stated !== algorithm)) return [];
  return [{ algorithm, digest: digest.toLowerCase(), name }];
}

/** Last segment of a path or URL, decoded. */
export function baseName(uri: string): string {
  const path = URL.parse(uri)?.pathname ?? uri;
  const last = path.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
