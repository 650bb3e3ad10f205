import { createHash } from 'node:crypto';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listSources, renderSources } from '../../src/cli/source-view.ts';
import { diskInfo } from '../../src/disk/disk-info.ts';
import { addSource, type BroughtDisk } from '../../src/sources/add-source.ts';
import { platformImage } from '../../src/sources/platform-image.ts';
import { removeSource } from '../../src/sources/remove-source.ts';
import { releaseSources } from '../../src/sources/resolve-source.ts';
import { withSourceLock } from '../../src/sources/source-lock.ts';
import { runHolder, workHolder } from '../../src/store/pins.ts';
import { makeRawDisk, makeSite, namesIn, putImage, putRecipe, type Site } from './sources-fixture.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});
afterEach(() => site.remove());

const TINY = 'truncate -s 4M disk.raw\nprintf kiln | dd of=disk.raw conv=notrunc status=none';

describe('ways to get an image', () => {
  test('a recipe gives a read-only compressed qcow2 that stands alone, once', async () => {
    await putRecipe(site, 'tiny', `echo run >>${site.notes}/runs\n${TINY}`);
    await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);

    const disk = await platformImage({ name: 'test:OFFER:tiny', version: 'latest' }, site.context());
    const again = await platformImage({ name: 'Test:offer:tiny', version: '1.0.0' }, site.context());

    expect(disk).toMatchObject({ exactName: 'Test:offer:tiny:1.0.0', exactVersion: '1.0.0', generation: 'V2' });
    expect(again).toMatchObject({ path: disk.path, digest: disk.digest });
    expect((await stat(disk.path)).mode & 0o777).toBe(0o444);
    expect(await diskInfo(disk.path, 'qcow2', { strict: true })).toMatchObject({ virtualSizeBytes: 4 * 1024 * 1024 });
    expect(await readFile(join(site.notes, 'runs'), 'utf8')).toBe('run\n');
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
  });

  test('the recipe is root of its own namespace only, and may own files as anybody', async () => {
    const probe = `id -u >${site.notes}/uid; touch file; chown 33:33 file; stat -c %u:%g file >${site.notes}/owner`;
    await putRecipe(site, 'tiny', `${probe}\n(echo x >/etc/kiln-test) 2>/dev/null && exit 9\n${TINY}`);
    await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);
    await platformImage({ name: 'Test:offer:tiny', version: 'latest' }, site.context());
    expect(await readFile(join(site.notes, 'uid'), 'utf8')).toBe('0\n');
    expect(await readFile(join(site.notes, 'owner'), 'utf8')).toBe('33:33\n');
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
  });

  test('ways are tried in order, each with a line that says so', async () => {
    await putRecipe(site, 'broken', 'echo the mirror is down >&2; exit 3');
    const file = await makeRawDisk(join(site.root, 'disk.raw'));
    await putImage(site, 'both', [
      '{ recipe: broken, verified: true }',
      `{ file: ${file}, format: raw, verified: true }`,
    ]);

    await platformImage({ name: 'Test:offer:both', version: 'latest' }, site.context());

    const log = site.log().join('\n');
    expect(log).toMatch(
      /recipe broken \(way 1 of 2\).*the mirror is down.*exit code 3.*next way.*file .* \(way 2 of 2\)/s,
    );
  });

  test('when no way works, every cause is told and nothing is left', async () => {
    await putRecipe(site, 'broken', 'exit 3');
    await putImage(site, 'none', [
      '{ recipe: broken, verified: true }',
      '{ file: missing.raw, format: raw, verified: true }',
    ]);

    const failing = platformImage({ name: 'Test:offer:none', version: 'latest' }, site.context());

    await expect(failing).rejects.toMatchObject({
      code: 'SourceUnavailable',
      details: [{ code: 'RecipeFailed' }, { code: 'SourceFileUnusable' }],
    });
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
    expect(await namesIn(join(site.home.sources, 'index'))).toEqual([]);
  });

  test('a recipe whose disk cannot be made bootable fails with what QEMU said', async () => {
    const boot = '{ kernel: k, initrd: k, commandLine: c, success: NEVER-SAID, memoryMiB: 256, minutes: 1 }';
    await putRecipe(site, 'unbootable', `${TINY}\necho no kernel >k; echo x >c`, `boot: ${boot}\n`);
    await putImage(site, 'unbootable', ['{ recipe: unbootable, verified: true }']);
    const failing = platformImage({ name: 'Test:offer:unbootable', version: 'latest' }, site.context());
    await expect(failing).rejects.toMatchObject({ code: 'ToolFailed', message: expect.stringContaining('kernel') });
  });

  test('an alias of the site leads to another image', async () => {
    await putRecipe(site, 'tiny', TINY);
    await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);
    const aliases = { 'canonical:ubuntu:lts': 'Test:offer:tiny' };
    const disk = await platformImage({ name: 'Canonical:Ubuntu:LTS', version: '9.9.9' }, site.context({ aliases }));
    expect(disk).toMatchObject({ name: 'Canonical:Ubuntu:LTS:9.9.9', exactName: 'Test:offer:tiny:1.0.0' });
    expect(site.log()).toContain(
      'Canonical:Ubuntu:LTS is Test:offer:tiny:latest at this site (an alias in the configuration)',
    );
  });

  test('an abort ends the recipe and leaves nothing', async () => {
    await putRecipe(site, 'slow', `touch ${site.notes}/started; sleep 300`);
    await putImage(site, 'slow', ['{ recipe: slow, verified: true }']);
    const abort = new AbortController();
    const pulling = platformImage(
      { name: 'Test:offer:slow', version: 'latest' },
      site.context({ signal: abort.signal }),
    );
    const settled = expect(pulling).rejects.toThrow('enough');
    await until(() => exists(join(site.notes, 'started')));
    abort.abort(new Error('enough'));
    await settled;
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
    await until(async () => (await processesOf(site)).length === 0);
  });
});

describe('downloads', () => {
  test('are checked against the list of checksums that the publisher has beside them', async () => {
    const bytes = await readFile(await makeRawDisk(join(site.root, 'disk.raw')));
    const list = `${createHash('sha256').update(bytes).digest('hex')} *disk.raw\n`;
    await serving({ '/disk.raw': bytes, '/SHA256SUMS': list }, async url => {
      const way = `{ url: "${url}/disk.raw", format: raw, checksums: "${url}/SHA256SUMS", verified: false }`;
      await putImage(site, 'net', [way]);
      const disk = await platformImage({ name: 'Test:offer:net', version: 'latest' }, site.context());
      expect(disk.virtualSizeBytes).toBe(bytes.length);
      expect(site.events).toContainEqual(
        expect.objectContaining({ type: 'progress', what: 'Downloading net', done: bytes.length, unit: 'bytes' }),
      );
    });
  });

  test('of something else are refused, and nothing is left', async () => {
    const list = `${createHash('sha256').update('the right one').digest('hex')} *disk.raw\n`;
    await serving({ '/disk.raw': Buffer.alloc(4096), '/SHA256SUMS': list }, async url => {
      const way = `{ url: "${url}/disk.raw", format: raw, checksums: "${url}/SHA256SUMS", verified: false }`;
      await putImage(site, 'net', [way]);
      const failing = platformImage({ name: 'Test:offer:net', version: 'latest' }, site.context());
      await expect(failing).rejects.toMatchObject({ code: 'ChecksumMismatch' });
      expect(await namesIn(join(site.home.sources, 'disks'))).toEqual([]);
      expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
    });
  });

  test('of a qcow2 with a backing file are refused', async () => {
    await makeRawDisk(join(site.root, 'base.raw'));
    const overlay = join(site.root, 'overlay.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', join(site.root, 'base.raw'), '-F', 'raw', overlay]);
    const bytes = await readFile(overlay);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await serving({ '/d.qcow2': bytes }, async url => {
      await putImage(site, 'net', [`{ url: "${url}/d.qcow2", format: qcow2, sha256: ${sha256}, verified: false }`]);
      const failing = platformImage({ name: 'Test:offer:net', version: 'latest' }, site.context());
      await expect(failing).rejects.toMatchObject({ code: 'DiskRefused' });
    });
  });
});

describe('several processes', () => {
  test('that want the same image make it once; the other one waits and says for whom', async () => {
    await putRecipe(site, 'tiny', `echo run >>${site.notes}/runs\nsleep 3\n${TINY}`);
    await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);

    const outputs = await Promise.all([pullInChild(site, 'tiny'), pullInChild(site, 'tiny')]);

    expect(await readFile(join(site.notes, 'runs'), 'utf8')).toBe('run\n');
    const [first, second] = outputs.map(({ stdout }) => stdout);
    expect(digestIn(first)).toBe(digestIn(second));
    const waited = outputs.filter(({ stdout }) =>
      /Waiting for Test:offer:tiny:1\.0\.0: process \d+ is at work/.test(stdout),
    );
    expect(waited).toHaveLength(1);
  });

  test('that wait can be told to stop', async () => {
    const { home } = site;
    let open = () => {};
    const working = new Promise<void>(resolve => {
      open = resolve;
    });
    const begun = Promise.withResolvers<void>();
    const held = withSourceLock({ home, name: 'one', signal: new AbortController().signal }, () => {
      begun.resolve();
      return working;
    });
    await begun.promise;
    const abort = new AbortController();
    const onWait = () => abort.abort(new Error('enough'));
    const waiting = withSourceLock({ home, name: 'one', signal: abort.signal, onWait }, async () => 'got it');
    await expect(waiting).rejects.toThrow('enough');
    open();
    await held;
    const signal = new AbortController().signal;
    expect(await withSourceLock({ home, name: 'one', signal }, async () => 'got it')).toBe('got it');
  });

  test('what a killed process left is swept, its recipe ends with it, and the next one starts anew', async () => {
    await putRecipe(site, 'tiny', `[ -e ${site.notes}/once ] || { touch ${site.notes}/once; sleep 300; }\n${TINY}`);
    await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }']);
    const killed = pullInChild(site, 'tiny');
    await until(() => exists(join(site.notes, 'once')));
    killed.kill('SIGKILL');
    expect((await killed).signal).toBe('SIGKILL');
    await until(async () => (await processesOf(site)).length === 0);
    expect(await namesIn(join(site.home.sources, 'work'))).toHaveLength(1);

    const { stdout } = await pullInChild(site, 'tiny');

    expect(digestIn(stdout)).toMatch(/^kdt1:/);
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
  });
});

describe('a disk that a user brings', () => {
  const brought = (file: string, more: Partial<BroughtDisk> = {}): BroughtDisk => ({
    ...{ name: 'My:own:disk', version: '1.2.3', file, format: 'raw', os: 'Linux', generation: 'V1' },
    ...{ devices: { disk: 'virtio', nic: 'virtio' } },
    ...more,
  });

  test('is a platform image from then on, and the file is left alone', async () => {
    const file = await makeRawDisk(join(site.root, 'mine.raw'));
    const before = await stat(file);
    await addSource(brought(file), site.context());
    const disk = await platformImage({ name: 'my:own:disk', version: 'latest' }, site.context());
    expect(disk).toMatchObject({ exactName: 'My:own:disk:1.2.3', generation: 'V1', virtualSizeBytes: 4 * 1024 * 1024 });
    await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', file, disk.path]);
    expect(await stat(file)).toMatchObject({ uid: before.uid, mode: before.mode, mtimeMs: before.mtimeMs });
    await expect(addSource(brought(file), site.context())).rejects.toMatchObject({ code: 'SourceExists' });
  });

  test.each([
    ['vhd', 'vpc', 'subformat=dynamic'],
    ['vhdx', 'vhdx', 'subformat=dynamic'],
  ] as const)('may be a %s', async (format, toolFormat, option) => {
    const raw = await makeRawDisk(join(site.root, 'mine.raw'));
    const file = join(site.root, `mine.${format}`);
    await execa('qemu-img', ['convert', '-f', 'raw', '-O', toolFormat, '-o', option, raw, file]);
    await addSource(brought(file, { format }), site.context());
    const disk = await platformImage({ name: 'My:own:disk', version: 'latest' }, site.context());
    expect(disk.virtualSizeBytes).toBeGreaterThanOrEqual(4 * 1024 * 1024);
  });

  test('is refused when it is a qcow2 with a backing file, and the backing file is not read', async () => {
    const secret = join(site.root, 'secret');
    await writeFile(secret, 'secret'.repeat(1000));
    const file = join(site.root, 'layered.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', secret, '-F', 'raw', file]);
    const adding = addSource(brought(file, { format: 'qcow2' }), site.context());
    await expect(adding).rejects.toMatchObject({
      code: 'DiskRefused',
      message: expect.stringContaining('backing file'),
    });
    expect(await namesIn(join(site.home.sources, 'index'))).toEqual([]);
    expect(await namesIn(join(site.home.sources, 'work'))).toEqual([]);
  });

  test('is refused when it is raw and stated as a qcow2', async () => {
    const file = await makeRawDisk(join(site.root, 'mine.raw'));
    const adding = addSource(brought(file, { format: 'qcow2' }), site.context());
    await expect(adding).rejects.toMatchObject({ code: 'DiskRefused' });
  });

  test('is refused when it keeps its data in another file', async () => {
    const [file, data] = [join(site.root, 'split.qcow2'), join(site.root, 'split.data')];
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${data},data_file_raw=on`, file, '4M']);
    const adding = addSource(brought(file, { format: 'qcow2' }), site.context());
    await expect(adding).rejects.toMatchObject({ code: 'DiskRefused' });
  });

  test('is refused when it is no regular file', async () => {
    const pipe = join(site.root, 'pipe');
    await execa('mkfifo', [pipe]);
    await expect(addSource(brought(pipe), site.context())).rejects.toMatchObject({ code: 'SourceFileUnusable' });
    const missing = addSource(brought(join(site.root, 'missing')), site.context());
    await expect(missing).rejects.toMatchObject({ code: 'SourceFileUnusable' });
  });

  test('cannot be removed while somebody uses it, and is gone afterwards', async () => {
    await addSource(brought(await makeRawDisk(join(site.root, 'mine.raw'))), site.context());
    const holders = [workHolder(), runHolder('run-1')];
    const [disk] = await Promise.all(
      holders.map(holder => platformImage({ name: 'My:own:disk', version: 'latest', holder }, site.context())),
    );
    const removing = () => removeSource('my:own:disk', site.context());
    await expect(removing()).rejects.toThrow(/process \d+/);
    await releaseSources({ home: site.home, holder: holders[0] ?? '' });
    await expect(removing()).rejects.toMatchObject({
      code: 'SourceInUse',
      message: expect.stringContaining('run run-1'),
    });
    await releaseSources({ home: site.home, holder: holders[1] ?? '' });
    expect(await removing()).toHaveLength(1);
    expect(await exists(disk?.path ?? '')).toBe(false);
    await expect(removing()).rejects.toMatchObject({ code: 'SourceNotHere' });
  });
});

test('the list shows what is here first, and where the rest would come from', async () => {
  await putRecipe(site, 'tiny', TINY);
  const net =
    '{ url: "https://images.invalid/a.img", format: qcow2, checksums: "https://images.invalid/SUMS", verified: false }';
  await putImage(site, 'anet', [net]);
  await putImage(site, 'tiny', ['{ recipe: tiny, verified: true }', net]);
  await platformImage({ name: 'Test:offer:tiny', version: 'latest' }, site.context());
  const listings = await listSources(site.context());
  expect(listings).toMatchObject([
    { name: 'Test:offer:tiny', here: true, from: 'recipe tiny', verified: true },
    { name: 'Test:offer:anet', here: false, from: 'download from images.invalid', verified: false },
  ]);
  const text = renderSources(listings, { 'a:b:c': 'Test:offer:tiny' });
  expect(text).toMatch(/Test:offer:anet\s+1\.0\.0\s+V2\s+not here\s+no\s+download from images\.invalid/);
  expect(text).toContain('a:b:c is Test:offer:tiny at this site');
});

function pullInChild(own: Site, id: string) {
  const child = join(import.meta.dirname, 'sources-process.ts');
  return execa(process.execPath, [child, `Test:offer:${id}`, own.catalogue, own.recipes], {
    env: { KILN_HOME: own.home.root },
    reject: false,
  });
}

function digestIn(stdout: string | undefined): unknown {
  const last = stdout?.trim().split('\n').at(-1) ?? '{}';
  return (JSON.parse(last) as { readonly disk?: { readonly digest?: string } }).disk?.digest;
}

/** Command lines that name the site's home: its recipes, tools and locks. */
async function processesOf(own: Site): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter(line => line.includes(own.home.root));
}

async function serving(files: Readonly<Record<string, string | Buffer>>, work: (url: string) => Promise<void>) {
  const server = createServer((request, response) => {
    const body = files[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not happen within 30 s');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
