import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bench, CONTENT, cutAfter, file, type Handler, inTurn, never, serve, sha256 } from './bench.ts';
import { DOWNLOAD_PROCESS } from './download-process.ts';

/** Runs one download elsewhere; resolves with what it printed. */
function elsewhere(root: string, url: string, destination: string, env: Readonly<Record<string, string>> = {}) {
  return execa(process.execPath, [DOWNLOAD_PROCESS, root, url, destination], { env, timeout: 60_000 });
}

describe('several processes', () => {
  test('what a killed one left is continued by the next', async () => {
    const { home, fetcher, out, leftovers } = await bench();
    let arrived = () => {};
    const half = new Promise<void>(resolve => {
      arrived = resolve;
    });
    const stalls: Handler = (_request, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': String(CONTENT.length) });
      response.write(CONTENT.subarray(0, 100_000), () => arrived());
    };
    const handler = inTurn(stalls, file(CONTENT));
    const url = `${await serve(handler)}/disk.img`;
    const child = elsewhere(home.root, url, join(out, 'killed.img'));
    await half;
    await waitForBytes(home.downloads, 100_000);
    child.kill('SIGKILL');
    await expect(child).rejects.toMatchObject({ signal: 'SIGKILL' });
    expect(await leftovers()).toEqual([expect.stringContaining(`.${child.pid}-`)]);
    await fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    expect(handler.requests[1]?.headers.range).toBe('bytes=100000-');
    expect(await readFile(join(out, 'disk.img'))).toEqual(CONTENT);
    expect(await leftovers()).toEqual([]);
  });

  test('that fetch one URL at the same time all get the whole of it', async () => {
    const { home, out, leftovers } = await bench();
    const url = `${await serve(inTurn(cutAfter(CONTENT, 50_000), file(CONTENT)))}/disk.img`;
    const names = ['a', 'b', 'c'];
    const results = await Promise.all(names.map(name => elsewhere(home.root, url, join(out, name))));
    for (const { stdout } of results) expect(JSON.parse(stdout)).toMatchObject({ sha256: sha256(CONTENT) });
    for (const name of names) expect(await readFile(join(out, name))).toEqual(CONTENT);
    expect(await leftovers()).toEqual([]);
  });

  test('old leftovers of dead ones are swept, those of living ones and strangers are not', async () => {
    const { home, fetcher, out, leftovers } = await bench();
    const old = new Date(Date.now() - 8 * 86_400_000);
    const key = '0'.repeat(40);
    const start = (await readFile(`/proc/${process.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
    const names = {
      stale: key.replaceAll('0', '1'),
      recent: key.replaceAll('0', '2'),
      dead: `${key}.4194303-1.00000000`,
      scratch: `scratch-${'0'.repeat(16)}.4194303-1.00000000`,
      living: `${key}.${process.pid}-${start}.00000000`,
      stranger: 'somebody.elses.file',
    };
    for (const name of Object.values(names)) {
      await mkdir(join(home.downloads, name), { recursive: true });
      await writeFile(join(home.downloads, name, 'body'), 'x');
      if (name !== names.recent) await utimes(join(home.downloads, name, 'body'), old, old);
    }
    await fetcher.download({ url: await serve(file(CONTENT)), destination: join(out, 'x'), signal: never });
    expect((await leftovers()).sort()).toEqual([names.recent, names.living, names.stranger].sort());
  });
});

describe('https', () => {
  test('with an authority of the site works when node is told, and is refused with a hint when not', async () => {
    const { url, authority } = await serveTls((_request, response) => response.end('hi'));
    const { home, out } = await bench();
    const told = await elsewhere(home.root, url, join(out, 'told'), { NODE_EXTRA_CA_CERTS: authority });
    expect(JSON.parse(told.stdout)).toEqual({ sha256: sha256('hi'), sizeBytes: 2 });
    const untold = await elsewhere(home.root, url, join(out, 'untold'));
    expect(JSON.parse(untold.stdout)).toMatchObject({
      code: 'DownloadFailed',
      message: expect.stringMatching(/self-signed.*attempts: 1/),
      todo: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  test('does not redirect to http', async () => {
    const plain = inTurn(file(CONTENT));
    const location = `${await serve(plain)}/x`;
    const { url, authority } = await serveTls((_request, response) => response.writeHead(302, { location }).end());
    const { home, out } = await bench();
    const { stdout } = await elsewhere(home.root, url, join(out, 'x'), { NODE_EXTRA_CA_CERTS: authority });
    expect(JSON.parse(stdout)).toMatchObject({ code: 'RedirectDenied', message: expect.stringContaining('http://') });
    expect(plain.requests).toEqual([]);
  });
});

test('a disk that fills up is an error of its own, and what was written is removed', async () => {
  const { home, out } = await bench();
  const url = await serve((_request, response) => response.end(Buffer.alloc(2 * 1024 * 1024)));
  await mkdir(home.downloads);
  const small = ['--dev-bind', '/', '/', '--size', '1048576', '--tmpfs', home.downloads, '--'];
  const script = '"$@"; ls "$0"';
  const download = [process.execPath, DOWNLOAD_PROCESS, home.root, url, join(out, 'x')];
  const { stdout } = await execa('bwrap', [...small, 'sh', '-c', script, home.downloads, ...download]);
  const [printed = '', ...left] = stdout.split('\n');
  expect(JSON.parse(printed)).toMatchObject({ code: 'DownloadDiskFull' });
  expect(left).toEqual([]);
});

async function waitForBytes(downloads: string, bytes: number): Promise<void> {
  for (;;) {
    const [name = ''] = await readdir(downloads).catch(() => []);
    const body = await readFile(join(downloads, name, 'body')).catch(() => Buffer.alloc(0));
    if (body.length >= bytes) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

/** An https server with a certificate that nobody has signed but itself. */
async function serveTls(handler: Handler) {
  const directory = await mkdtemp(join(tmpdir(), 'kiln-tls-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [key, authority] = [join(directory, 'key.pem'), join(directory, 'cert.pem')] as const;
  const subject = ['-subj', '/CN=kiln-test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await execa('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', authority]);
  const server = createServer({ key: await readFile(key), cert: await readFile(authority) }, handler);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`, authority };
}
