import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bench, CONTENT, never, serve, sha256 } from './bench.ts';

const GOOD = `${sha256(CONTENT)}  disk.img\n${'0'.repeat(64)}  other.img\n`;

/** Serves files by name, and counts who was asked for. */
async function site(files: Readonly<Record<string, string | Buffer>>) {
  const asked: string[] = [];
  const origin = await serve((request, response: ServerResponse) => {
    const name = (request.url ?? '').slice(1);
    asked.push(name);
    const content = files[name];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  return { asked, at: (name: string) => `${origin}/${name}` };
}

describe('a published checksum file', () => {
  test('decides whether the disk is the right one', async () => {
    const { fetcher, out, leftovers } = await bench();
    const good = await site({ 'disk.img': CONTENT, SHA256SUMS: GOOD });
    const request = { url: good.at('disk.img'), destination: join(out, 'disk.img'), signal: never };
    await fetcher.download({ ...request, checksumUrl: good.at('SHA256SUMS') });
    expect(good.asked).toEqual(['SHA256SUMS', 'disk.img']);
    expect(await readFile(request.destination)).toEqual(CONTENT);

    const bad = await site({ 'disk.img': 'other', SHA256SUMS: GOOD });
    const failed = fetcher.download({ ...request, url: bad.at('disk.img'), checksumUrl: bad.at('SHA256SUMS') });
    await expect(failed).rejects.toMatchObject({ code: 'ChecksumMismatch' });
    expect(await leftovers()).toEqual([]);
  });

  test('that does not list the disk, or is not there, ends it before the disk is asked for', async () => {
    const { fetcher, out } = await bench();
    const { at, asked } = await site({
      'disk.img': CONTENT,
      SHA256SUMS: `${'0'.repeat(64)}  a\n${'1'.repeat(64)}  b\n`,
    });
    const request = { url: at('disk.img'), destination: join(out, 'disk.img'), signal: never };
    const unlisted = fetcher.download({ ...request, checksumUrl: at('SHA256SUMS') });
    await expect(unlisted).rejects.toMatchObject({ code: 'ChecksumNotListed' });
    const missing = fetcher.download({ ...request, checksumUrl: at('SHA512SUMS') });
    await expect(missing).rejects.toMatchObject({ code: 'ArtifactNotFound' });
    expect(asked).toEqual(['SHA256SUMS', 'SHA512SUMS']);
  });
});

describe('a signed checksum file', () => {
  let keys: { ours: string; armored: string; detached: Buffer; clear: string; foreign: string; forged: string };

  beforeAll(async () => {
    const ours = await keyPair();
    const other = await keyPair();
    const clear = ours.gpg(['--clearsign'], GOOD);
    keys = {
      ours: ours.binary,
      armored: ours.armored,
      foreign: other.binary,
      detached: Buffer.from(ours.gpg(['--armor', '--detach-sign'], GOOD)),
      clear,
      forged: `${'f'.repeat(64)}  disk.img\n\n${clear}`,
    };
    return () => Promise.all([ours.end(), other.end()]);
  });

  test.each(['binary', 'armored'])('with a detached signature and a %s keyring', async kind => {
    const { fetcher, out, leftovers } = await bench();
    const { at } = await site({ 'disk.img': CONTENT, SHA256SUMS: GOOD, 'SHA256SUMS.sign': keys.detached });
    const signed = { checksumUrl: at('SHA256SUMS'), signatureUrl: at('SHA256SUMS.sign') };
    const keyring = kind === 'binary' ? keys.ours : keys.armored;
    const destination = join(out, 'disk.img');
    await fetcher.download({ url: at('disk.img'), destination, ...signed, keyring, signal: never });
    expect((await stat(destination)).size).toBe(CONTENT.length);
    expect(await leftovers()).toEqual([]);
  });

  test('as a clear-signed message', async () => {
    const { fetcher, out } = await bench();
    const { at } = await site({ 'disk.img': CONTENT, CHECKSUM: keys.clear });
    const request = { url: at('disk.img'), destination: join(out, 'disk.img'), signal: never };
    await fetcher.download({ ...request, checksumUrl: at('CHECKSUM'), keyring: keys.ours });
    expect((await stat(request.destination)).size).toBe(CONTENT.length);
  });

  test('what stands around the signed part does not count', async () => {
    const { fetcher, out } = await bench();
    const { at } = await site({ 'disk.img': CONTENT, CHECKSUM: keys.forged });
    const request = { url: at('disk.img'), destination: join(out, 'disk.img'), signal: never };
    const result = await fetcher
      .download({ ...request, checksumUrl: at('CHECKSUM'), keyring: keys.ours })
      .catch((error: unknown) => error);
    // gpgv may refuse the whole file; the forged line must not decide either way.
    if (result instanceof Error) expect(result).toMatchObject({ code: 'SignatureInvalid' });
    else expect(result).toMatchObject({ sha256: sha256(CONTENT) });
  });

  test('by a foreign key, changed, unsigned or without a keyring is refused', async () => {
    const { fetcher, out, leftovers } = await bench();
    const { at, asked } = await site({
      'disk.img': CONTENT,
      SHA256SUMS: GOOD,
      'SHA256SUMS.sign': keys.detached,
      changed: GOOD.replace('0', '1'),
      clear: keys.clear.replace('other', 'elder'),
      good: keys.clear,
    });
    const detached = { signatureUrl: at('SHA256SUMS.sign') };
    const cases = [
      { checksumUrl: at('SHA256SUMS'), ...detached, keyring: keys.foreign },
      { checksumUrl: at('changed'), ...detached, keyring: keys.ours },
      { checksumUrl: at('clear'), keyring: keys.ours },
      { checksumUrl: at('good'), keyring: keys.foreign },
      { checksumUrl: at('SHA256SUMS'), keyring: keys.ours },
      { checksumUrl: at('SHA256SUMS'), ...detached },
      { checksumUrl: at('SHA256SUMS'), ...detached, keyring: '/nowhere.gpg' },
    ];
    for (const signed of cases) {
      const destination = join(out, 'disk.img');
      const failed = fetcher.download({ url: at('disk.img'), destination, ...signed, signal: never });
      await expect(failed).rejects.toMatchObject({ code: 'SignatureInvalid' });
    }
    expect(asked).not.toContain('disk.img');
    expect(await leftovers()).toEqual([]);
  });
});

/** A throw-away key in a home of its own. */
async function keyPair() {
  const home = await mkdtemp(join(tmpdir(), 'kiln-gpg-'));
  const gpg = (args: readonly string[], input = '') =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--pinentry-mode', 'loopback', ...args], {
      input,
      encoding: 'latin1',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  gpg(['--passphrase', '', '--quick-generate-key', 'Kiln Test <test@example.org>', 'ed25519', 'sign', 'never']);
  const binary = join(home, 'keys.gpg');
  const armored = join(home, 'keys.asc');
  await writeFile(binary, Buffer.from(gpg(['--export']), 'latin1'));
  await writeFile(armored, gpg(['--armor', '--export']));
  const end = async () => {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    await rm(home, { recursive: true, force: true });
  };
  return { binary, armored, gpg, end };
}
