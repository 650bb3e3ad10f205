import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bench, file, freshDirectory, inTurn, need, never, serve, sha256 } from './bench.ts';

const SCRIPT = 'echo hi\n';

/** A template's folder, a folder that is allowed besides, and one that is not. */
async function folders() {
  const root = await freshDirectory();
  const [template, shared, secret] = ['template', 'shared', 'template-secret'].map(name => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [template, shared, secret]) {
    await mkdir(folder);
    await writeFile(join(folder, 'a.sh'), SCRIPT);
  }
  return { root, template, shared, secret, allowFiles: { directories: [template, shared] } };
}

describe('files on this machine', () => {
  test('below the allowed folders are taken, by path and by URI', async () => {
    const { template, shared, allowFiles } = await folders();
    const { fetcher, out, leftovers } = await bench({}, { allowFiles });
    await writeFile(join(template, 'b c.sh'), SCRIPT);
    const uris = [
      'a.sh',
      './a.sh',
      '../shared/a.sh',
      join(shared, 'a.sh'),
      pathToFileURL(join(template, 'b c.sh')).href,
    ];
    for (const uri of uris) {
      const artifact = await fetcher.fetchArtifact(need(uri, sha256(SCRIPT)), out, never);
      expect(artifact).toEqual({ uri, path: join(out, sha256(SCRIPT)), sha256: sha256(SCRIPT), sizeBytes: 8 });
    }
    expect(await leftovers()).toEqual([]);
  });

  test('do not exist for a template that came over the network', async () => {
    const { template } = await folders();
    const { fetcher, out } = await bench();
    for (const uri of ['a.sh', pathToFileURL(join(template, 'a.sh')).href]) {
      await expect(fetcher.fetchArtifact(need(uri), out, never)).rejects.toMatchObject({
        code: 'FileUriDenied',
        exit: 2,
        target: 'properties.customize[0].scriptUri',
      });
    }
  });

  test('outside are refused, whatever way leads there', async () => {
    const { root, template, secret, allowFiles } = await folders();
    const { fetcher, out } = await bench({}, { allowFiles });
    await symlink(join(secret, 'a.sh'), join(template, 'link.sh'));
    await symlink(secret, join(template, 'folder'));
    const file = pathToFileURL(join(secret, 'a.sh')).href;
    const uris = ['../template-secret/a.sh', join(secret, 'a.sh'), 'link.sh', 'folder/a.sh', file, '/etc/passwd', '/'];
    for (const uri of [...uris, `file:///${root}/template/%2e%2e/template-secret/a.sh`]) {
      await expect(fetcher.fetchArtifact(need(uri), out, never), uri).rejects.toMatchObject({ code: 'FileUriDenied' });
    }
  });

  test('that are links within the allowed folders are taken', async () => {
    const { template, shared, allowFiles } = await folders();
    const { fetcher, out } = await bench({}, { allowFiles });
    await symlink(join(shared, 'a.sh'), join(template, 'link.sh'));
    expect((await fetcher.fetchArtifact(need('link.sh'), out, never)).sizeBytes).toBe(8);
  });

  test('have to be regular files', async () => {
    const { template, allowFiles } = await folders();
    const { fetcher, out } = await bench({}, { allowFiles });
    const socket = createServer().listen(join(template, 'socket'));
    onTestFinished(() => void socket.close());
    await mkdir(join(template, 'folder'));
    await symlink('/dev/zero', join(template, 'zero'));
    for (const uri of ['socket', 'folder', 'zero', '.']) {
      await expect(fetcher.fetchArtifact(need(uri), out, never), uri).rejects.toMatchObject({ code: 'FileUriDenied' });
    }
  });

  test('that are missing, on another host, changed or too large are errors of their own', async () => {
    const { template, allowFiles } = await folders();
    const { fetcher, out, leftovers } = await bench({ artifacts: { maxMiB: 1 } }, { allowFiles });
    await writeFile(join(template, 'large'), Buffer.alloc(1024 * 1024 + 1));
    const cases = [
      [need('nowhere.sh'), 'ArtifactNotFound'],
      [need('file://server/a.sh'), 'FileUriDenied'],
      [need('a.sh', '0'.repeat(64)), 'ChecksumMismatch'],
      [need('large'), 'ArtifactTooLarge'],
    ] as const;
    for (const [wanted, code] of cases) {
      await expect(fetcher.fetchArtifact(wanted, out, never)).rejects.toMatchObject({ code });
    }
    expect(await leftovers()).toEqual([]);
  });
});

describe('mirrors', () => {
  test('to a folder: no packet is sent, and checksums hold', async () => {
    const { shared, secret } = await folders();
    const mirrors = [{ from: 'https://files.example/scripts', to: shared }];
    const { fetcher, out, events } = await bench({ mirrors, network: { allow: [] } });
    const artifact = await fetcher.fetchArtifact(need('https://files.example/scripts/a.sh?sig=SECRET'), out, never);
    expect(artifact.sha256).toBe(sha256(SCRIPT));
    expect(JSON.stringify(events)).toContain(join(shared, 'a.sh'));
    expect(JSON.stringify(events)).not.toContain('SECRET');
    await symlink(secret, join(shared, 'link'));
    const cases = [
      ['a.sh', '0'.repeat(64), 'ChecksumMismatch'],
      ['nowhere.sh', '', 'ArtifactNotFound'],
      ['..%2ftemplate-secret%2fa.sh', '', 'MirrorPathDenied'],
      ['link/a.sh', '', 'FileUriDenied'],
    ] as const;
    for (const [path, checksum, code] of cases) {
      const wanted = need(`https://files.example/scripts/${path}`, checksum);
      await expect(fetcher.fetchArtifact(wanted, out, never)).rejects.toMatchObject({ code });
    }
  });

  test('to another URL, which has to be open to downloads like any other', async () => {
    const handler = inTurn(file(Buffer.from(SCRIPT)));
    const mirrors = [{ from: 's3://bucket/', to: `${await serve(handler)}/store/` }];
    const { fetcher, out } = await bench({ mirrors });
    await fetcher.fetchArtifact(need('s3://bucket/scripts/a.sh'), out, never);
    expect(handler.requests.map(request => request.url)).toEqual(['/store/scripts/a.sh']);
    const closed = await bench({ mirrors, network: { allow: [] } });
    const failed = closed.fetcher.fetchArtifact(need('s3://bucket/scripts/a.sh'), closed.out, never);
    await expect(failed).rejects.toMatchObject({ code: 'AddressDenied' });
  });
});
