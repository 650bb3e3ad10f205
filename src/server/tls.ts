import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { OwnCertificate } from '../config/service-config.ts';
import { serviceError } from '../errors/service.ts';
import type { ServiceDirectory } from '../home/service-directory.ts';
import { writeWhole } from '../home/write-whole.ts';
import { type CertificateAndKey, makeAuthority, makeServerCertificate } from './certificates.ts';

/** A certificate that ends sooner is made anew. */
const RENEWED_BEFORE_DAYS = 30;
const DAY = 24 * 3_600_000;

/** What a TLS server is started with. */
export interface ServerTls extends CertificateAndKey {
  /** Whether the certificate is another one than that of last time. */
  readonly renewed: boolean;
}

/**
 * The server's certificate: the site's own, or one of a local authority that is made at the first start and kept. It is made anew when it
 * ends soon or when the names are others.
 *
 * @throws KilnError `CertificateUnusable`
 */
export async function serverTls(
  files: ServiceDirectory,
  own: OwnCertificate | undefined,
  names: readonly string[],
  now: Date = new Date(),
): Promise<ServerTls> {
  if (own !== undefined) return { ...(await readPair(own.cert, own.key)), renewed: false };
  const authority = await localAuthority(files, now);
  const wanted = certificateNames(names);
  const kept = await keptCertificate(files, authority, wanted, now);
  if (kept !== undefined) return { ...kept, renewed: false };
  const fresh = await makeServerCertificate(authority, wanted, now);
  await writePair(files.certificate, files.certificateKey, fresh);
  return { ...fresh, renewed: true };
}

/** The authority is replaced only when it ends: every client would have to trust the new one. */
async function localAuthority(files: ServiceDirectory, now: Date): Promise<CertificateAndKey> {
  const kept = await readIfThere(files.authority, files.authorityKey);
  if (kept !== undefined && lastsFrom(new X509Certificate(kept.certificate), now)) return kept;
  const fresh = await makeAuthority(now);
  await writePair(files.authority, files.authorityKey, fresh);
  return fresh;
}

async function keptCertificate(
  files: ServiceDirectory,
  authority: CertificateAndKey,
  names: readonly string[],
  now: Date,
): Promise<CertificateAndKey | undefined> {
  const kept = await readIfThere(files.certificate, files.certificateKey);
  if (kept === undefined) return undefined;
  const certificate = new X509Certificate(kept.certificate);
  const signed = certificate.verify(new X509Certificate(authority.certificate).publicKey);
  const same = namesOf(certificate).join() === [...names].sort().join();
  return signed && same && lastsFrom(certificate, now) ? kept : undefined;
}

function lastsFrom(certificate: X509Certificate, now: Date): boolean {
  const left = Date.parse(certificate.validTo) - now.getTime();
  return left > RENEWED_BEFORE_DAYS * DAY && Date.parse(certificate.validFrom) <= now.getTime();
}

/** Without doubles, and IPv6 addresses without brackets, as a URL has them. */
export function certificateNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.map(name => canonical(name.toLowerCase().replace(/^\[(.*)\]$/, '$1'))))];
}

function namesOf(certificate: X509Certificate): readonly string[] {
  const parts = (certificate.subjectAltName ?? '').split(', ').map(part => part.replace(/^(DNS|IP Address):/, ''));
  return parts.map(canonical).sort();
}

/** One spelling of an IPv6 address: certificates show `0:0:0:0:0:0:0:1` where people write `::1`. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`https://[${name}]/`).hostname.slice(1, -1) : name;
}

async function readIfThere(file: string, keyFile: string): Promise<CertificateAndKey | undefined> {
  try {
    return await readPair(file, keyFile);
  } catch (error) {
    // A pair of which one half is missing or wrong is what a crash between the two leaves behind.
    if (error instanceof Error && error.cause instanceof Error && 'code' in error.cause) {
      if (error.cause.code === 'ENOENT' || error.cause.code === MISMATCH) return undefined;
    }
    throw error;
  }
}

const MISMATCH = 'ERR_KILN_KEY_MISMATCH';

async function readPair(file: string, keyFile: string): Promise<CertificateAndKey> {
  let reading = file;
  try {
    const certificate = await readFile(file, 'utf8');
    const parsed = new X509Certificate(certificate);
    reading = keyFile;
    const key = await readFile(keyFile, 'utf8');
    if (!parsed.checkPrivateKey(createPrivateKey(key))) {
      throw Object.assign(new Error(`it is not the key of ${file}`), { code: MISMATCH });
    }
    createSecureContext({ cert: certificate, key });
    return { certificate, key };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw serviceError('CertificateUnusable', { file: reading, reason }, { cause });
  }
}

/** The key first: a certificate without its key is the state that a start mends. */
async function writePair(file: string, keyFile: string, { certificate, key }: CertificateAndKey): Promise<void> {
  await writeWhole(keyFile, key, 0o600);
  await writeWhole(file, certificate, 0o644);
}

/** Changes when the certificate or its key does. */
export function pairDigest({ certificate, key }: CertificateAndKey): string {
  return createHash('sha256').update(certificate).update(key).digest('hex');
}
