import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ServiceDirectory, serviceDirectory } from '../home/service-directory.ts';
import { type ServerTls, serverTls } from './tls.ts';

const NAMES = ['localhost', '127.0.0.1', '::1', 'Builder.example'];
const DAY = 24 * 3_600_000;
let files: ServiceDirectory;
beforeEach(async () => {
  files = serviceDirectory(await mkdtemp(join(tmpdir(), 'kiln-tls-')));
});
afterEach(() => rm(files.root, { recursive: true }));

/** What a client that trusts the authority says to a server of that name. */
function handshake(server: ServerTls, authority: string, name: string): Promise<'authorized'> {
  const [near, far] = duplexPair();
  const serverSide = new TLSSocket(far, { isServer: true, cert: server.certificate, key: server.key });
  serverSide.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const client = connect({ socket: near, ca: authority, host: name, servername: /[:\d]$/.test(name) ? '' : name });
    client.once('secureConnect', () => resolve('authorized'));
    client.once('error', reject);
  });
}

test('who trusts the authority trusts the server under each of its names, and under no other', async () => {
  const server = await serverTls(files, undefined, NAMES);
  const authority = await readFile(files.authority, 'utf8');
  for (const name of ['localhost', '127.0.0.1', '::1', 'builder.example']) {
    expect(await handshake(server, authority, name), name).toBe('authorized');
  }
  await expect(handshake(server, authority, 'elsewhere')).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  const stranger = serviceDirectory(join(files.root, 'other'));
  await mkdir(stranger.root);
  await serverTls(stranger, undefined, NAMES);
  await expect(handshake(server, await readFile(stranger.authority, 'utf8'), 'localhost')).rejects.toThrow(/verify/);
});

test('the authority is one by its extensions and the server is none; keys are for nobody else to read', async () => {
  const server = new X509Certificate((await serverTls(files, undefined, NAMES)).certificate);
  const authority = new X509Certificate(await readFile(files.authority));
  expect([authority.ca, server.ca]).toEqual([true, false]);
  expect(server.checkIssued(authority)).toBe(true);
  // basicConstraints (critical, CA, no authority below), keyUsage (critical, keyCertSign and cRLSign), in DER.
  expect(authority.raw.toString('hex')).toContain('0603551d130101ff040830060101ff020100');
  expect(authority.raw.toString('hex')).toContain('0603551d0f0101ff040403020106');
  expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const days = (certificate: X509Certificate) =>
    Math.round((Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY);
  expect([days(authority), days(server)]).toEqual([3650, 397]);
  const modes = [files.authorityKey, files.certificateKey, files.authority, files.certificate].map(
    async file => (await stat(file)).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o600, 0o600, 0o644, 0o644]);
});

test('a certificate is kept until it ends soon, its names change, or half of it is lost; the authority stays', async () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const later = (days: number) => new Date(now.getTime() + days * DAY);
  const first = await serverTls(files, undefined, NAMES, now);
  const authority = await readFile(files.authority, 'utf8');
  expect(first.renewed).toBe(true);
  const again = await serverTls(files, undefined, [...NAMES].reverse(), later(360));
  expect(again).toEqual({ ...first, renewed: false });
  const renewed = await serverTls(files, undefined, NAMES, later(370));
  expect(renewed.renewed).toBe(true);
  expect(await serverTls(files, undefined, [...NAMES, 'one.more'], later(370))).toMatchObject({ renewed: true });
  await rm(files.certificateKey);
  const mended = await serverTls(files, undefined, NAMES, later(370));
  expect(mended.renewed).toBe(true);
  // What a crash between the writing of the two leaves.
  await writeFile(files.certificateKey, first.key);
  expect(await serverTls(files, undefined, NAMES, later(370))).toMatchObject({ renewed: true });
  expect(await readFile(files.authority, 'utf8')).toBe(authority);
  expect(await serverTls(files, undefined, NAMES, later(3640))).toMatchObject({ renewed: true });
  expect(await readFile(files.authority, 'utf8')).not.toBe(authority);
});

test("a site's own certificate is used as it is, and refused with its file's name when it cannot be", async () => {
  const other = serviceDirectory(join(files.root, 'own'));
  await mkdir(other.root);
  const made = await serverTls(other, undefined, ['kiln.example']);
  const own = { cert: other.certificate, key: other.certificateKey };
  expect(await serverTls(files, own, NAMES)).toEqual({ ...made, renewed: false });
  const refused = (pair: typeof own) => expect(serverTls(files, pair, NAMES)).rejects;
  await refused({ ...own, key: other.authorityKey }).toMatchObject({
    code: 'CertificateUnusable',
    message: expect.stringMatching(/ca\.key cannot be used: it is not the key of .*server\.pem/),
  });
  await refused({ ...own, cert: join(files.root, 'nonesuch.pem') }).toMatchObject({
    message: expect.stringContaining('nonesuch.pem'),
  });
  await writeFile(other.certificate, 'no certificate');
  await refused(own).toMatchObject({ message: expect.stringContaining('server.pem') });
});
