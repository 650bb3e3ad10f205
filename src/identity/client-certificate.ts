import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeProtectedHeader, errors, importX509, jwtVerify } from 'jose';
import { identityError } from '../errors/identity.ts';
import type { PrincipalCertificateRow } from '../store/principal-rows.ts';
import type { Store } from '../store/store.ts';
import type { Principal } from './principals.ts';

/** What Azure's clients sign assertions with. */
const ALGORITHMS = ['RS256', 'PS256'];
const LEEWAY_SECONDS = 30;
/** Of a thumbprint: that of SHA-256 has 43 characters, and an `=` when it is padded. */
const LONGEST_THUMBPRINT = 64;
/** Clients make assertions for ten minutes; one that is good for longer is not taken. */
const LONGEST_SECONDS = 24 * 3600;

/**
 * Lets a principal log in with the key of a certificate. Who signed the certificate does not matter.
 *
 * @param file PEM; it may hold the key too, which is not kept
 * @throws KilnError `PrincipalCertificateUnusable`, `PrincipalWithoutSecrets`
 */
export async function addCertificate(store: Store, principal: Principal, file: string): Promise<X509Certificate> {
  const { objectId, kind, displayName } = principal;
  if (kind !== 'ServicePrincipal') throw identityError('PrincipalWithoutSecrets', { principal: displayName, kind });
  const certificate = await readCertificate(file);
  const row: PrincipalCertificateRow = {
    object_id: objectId,
    fingerprint: certificate.fingerprint256,
    certificate: certificate.toString(),
    created_at: new Date().toISOString(),
    expires_at: new Date(certificate.validTo).toISOString(),
  };
  await store.write(trx =>
    trx
      .insertInto('principal_certificates')
      .values(row)
      .onConflict(conflict => conflict.columns(['object_id', 'fingerprint']).doNothing())
      .execute(),
  );
  return certificate;
}

/**
 * Whether a JWT was signed with the key of one of a principal's certificates, for this service. Clients send the same one several
 * times as long as it is good, so its `jti` is not looked at.
 */
export type CheckAssertion = (principal: Principal, assertion: string) => Promise<'valid' | 'expired' | 'wrong'>;

/** @param audiences what an assertion may be for: the token endpoint */
export function assertionChecker(
  store: Store,
  audiences: () => readonly string[],
  now: () => Date = () => new Date(),
): CheckAssertion {
  return async ({ objectId, appId }, assertion) => {
    const rows = await store.db
      .selectFrom('principal_certificates')
      .selectAll()
      .where('object_id', '=', objectId)
      .execute();
    const named = namedIn(assertion);
    const row = rows.find(({ certificate }) => named !== undefined && thumbprints(certificate).includes(named));
    if (row === undefined) return 'wrong';
    const time = now();
    if (row.expires_at <= time.toISOString()) return 'expired';
    try {
      const { payload } = await jwtVerify(assertion, alg => importX509(row.certificate, alg.alg), {
        algorithms: ALGORITHMS,
        issuer: appId,
        subject: appId,
        audience: [...audiences()],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: time,
        requiredClaims: ['exp'],
      });
      return (payload.exp ?? 0) - time.getTime() / 1000 > LONGEST_SECONDS ? 'wrong' : 'valid';
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return 'wrong';
      throw error;
    }
  };
}

async function readCertificate(file: string): Promise<X509Certificate> {
  try {
    const pem = await readFile(file, 'utf8');
    const [block] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem) ?? [];
    const certificate = new X509Certificate(block ?? pem);
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
    if (type !== 'rsa' || (details?.modulusLength ?? 0) < 2048)
      throw new Error('its key is not RSA of 2048 bits or more');
    return certificate;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw identityError('PrincipalCertificateUnusable', { file, reason }, { cause });
  }
}

/** By `x5t` or `x5t#S256` clients say which certificate they mean. */
function thumbprints(pem: string): readonly string[] {
  const { raw } = new X509Certificate(pem);
  return ['sha1', 'sha256'].map(algorithm => createHash(algorithm).update(raw).digest('base64url'));
}

function namedIn(assertion: string): string | undefined {
  try {
    const { x5t, 'x5t#S256': x5tS256 } = decodeProtectedHeader(assertion);
    const named = [x5tS256, x5t].find(name => typeof name === 'string');
    // `az` pads it, which the standard does not. Anything longer is hostile: nobody has logged in yet.
    return named === undefined || named.length > LONGEST_THUMBPRINT ? undefined : named.replace(/=+$/, '');
  } catch {
    return undefined;
  }
}
