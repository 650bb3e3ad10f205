import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convertDisk, flatten } from '../../src/disk/convert.ts';
import { copySparse } from '../../src/disk/copy-sparse.ts';
import { digestFile } from '../../src/disk/digest.ts';
import { MiB } from '../../src/disk/disk-format.ts';
import { diskInfo } from '../../src/disk/disk-info.ts';
import { createOverlay } from '../../src/disk/overlay.ts';
import { convertToVhd, verifyFixedVhd } from '../../src/disk/vhd.ts';
import { readVhdFooter } from '../../src/disk/vhd-footer.ts';
import { directoryForBuildUser } from '../../src/sandbox/build-user.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp('/tmp/kiln-disk-');
  await directoryForBuildUser(directory);
  await execa('chmod', ['0755', directory]);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A qcow2 with some data at three places. `size` as qemu-img takes it. */
async function sampleDisk(name: string, size: string): Promise<string> {
  const path = join(directory, name);
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', path, size]);
  await execa('qemu-io', ['-c', 'write -P 7 0 300k', '-c', 'write -P 9 9M 2M', '-c', 'write -P 1 20M 4k', path]);
  return path;
}

async function contentOf(path: string, format: string): Promise<string> {
  const raw = `${path}.content`;
  await execa('qemu-img', ['convert', '-f', format, '-O', 'raw', path, raw]);
  const { stdout } = await execa('sha256sum', [raw]);
  await rm(raw);
  return stdout.split(' ')[0] ?? '';
}

describe('digest', () => {
  test('a file with holes and the same bytes without have one digest, and so has a copy of either', async () => {
    const extent = fc.record({
      at: fc.nat({ max: 5 * MiB }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(extent, { maxLength: 4 }), fc.nat({ max: 6 * MiB }), async (extents, size) => {
        const [sparse, dense, copy] = ['sparse', 'dense', 'copy'].map(name => join(directory, name)) as [
          string,
          string,
          string,
        ];
        const content = Buffer.alloc(size);
        const file = await open(sparse, 'w');
        await file.truncate(size);
        for (const { at, bytes } of extents) {
          const part = bytes.subarray(0, Math.max(0, size - at));
          if (part.length === 0) continue;
          content.set(part, at);
          await file.write(part, 0, part.length, at);
        }
        await file.close();
        await writeFile(dense, content);
        const expected = await digestFile(dense);
        expect(await digestFile(sparse)).toBe(expected);
        for (const source of [sparse, dense]) {
          expect(await copySparse(source, copy)).toBe(expected);
          expect((await readFile(copy)).equals(content)).toBe(true);
          await rm(copy);
        }
      }),
      { numRuns: 12 },
    );
  });

  test('a hole of a tebibyte costs no time, and a byte behind it counts', async () => {
    const path = join(directory, 'huge');
    await writeFile(path, 'start');
    await truncate(path, 2 ** 40);
    const before = await digestFile(path);
    const file = await open(path, 'r+');
    await file.write('x', 2 ** 39);
    await file.close();
    expect(await digestFile(path)).not.toBe(before);
    await rm(path);
  }, 30_000);

  test('a copy takes no more of the drive than the original, and none is left when it is aborted', async () => {
    const path = join(directory, 'source');
    await writeFile(path, Buffer.alloc(3 * MiB, 5));
    await truncate(path, 64 * MiB);
    const copy = join(directory, 'copied');
    await copySparse(path, copy);
    expect((await stat(copy)).blocks).toBeLessThanOrEqual((await stat(path)).blocks + 8);
    const abort = new AbortController();
    const aborted = join(directory, 'aborted');
    const copying = copySparse(path, aborted, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(copying).rejects.toThrow('abort');
    await expect(stat(aborted)).rejects.toThrow('ENOENT');
  });
});

describe('overlay and flatten', () => {
  test('an overlay has 4 KiB clusters, states the format of its base, and may be larger', async () => {
    const base = await sampleDisk('base.qcow2', '32M');
    const overlay = join(directory, 'overlay.qcow2');
    await createOverlay(overlay, base, { sizeBytes: 64 * MiB });
    const { stdout } = await execa('qemu-img', ['info', '-f', 'qcow2', '--output=json', overlay]);
    expect(JSON.parse(stdout)).toMatchObject({
      'virtual-size': 64 * MiB,
      'cluster-size': 4096,
      'backing-filename': base,
      'backing-filename-format': 'qcow2',
      'format-specific': { data: { 'lazy-refcounts': false } },
    });
    await expect(createOverlay(overlay, base)).rejects.toThrow('EEXIST');
  });

  test('flattening keeps the content, needs no base any more, and says how far it is', async () => {
    const base = await sampleDisk('flat-base.qcow2', '32M');
    const middle = join(directory, 'middle.qcow2');
    const top = join(directory, 'top.qcow2');
    await createOverlay(middle, base);
    await createOverlay(top, middle, { below: [base] });
    await execa('qemu-io', ['-c', 'write -P 3 100k 50k', top]);
    const expected = await contentOf(top, 'qcow2');
    const percents: number[] = [];
    for (const compress of [false, true]) {
      const flat = join(directory, `flat-${compress}.qcow2`);
      await flatten(top, [middle, base], flat, { format: 'qcow2', compress, onProgress: p => percents.push(p.done) });
      expect(await contentOf(flat, 'qcow2')).toBe(expected);
      expect((await diskInfo(flat, 'qcow2', { strict: true })).backingFile).toBeUndefined();
    }
    expect(percents.at(-1)).toBe(100);
  });

  test('a base that was not named is not read', async () => {
    const base = await sampleDisk('hidden-base.qcow2', '32M');
    const top = join(directory, 'hidden-top.qcow2');
    const flat = join(directory, 'hidden-flat.qcow2');
    await createOverlay(top, base);
    await expect(flatten(top, [], flat, { format: 'qcow2' })).rejects.toMatchObject({ code: 'ToolFailed' });
    await expect(stat(flat)).rejects.toThrow('ENOENT');
  });

  test('an aborted conversion leaves no file', async () => {
    const base = await sampleDisk('abort.qcow2', '32M');
    const flat = join(directory, 'abort-flat.qcow2');
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(flatten(base, [], flat, { format: 'qcow2', signal })).rejects.toThrow('stop');
    await expect(stat(flat)).rejects.toThrow('ENOENT');
  });
});

describe('VHD', () => {
  test.each([
    ['odd.qcow2', String(32 * MiB + 512), 33 * MiB],
    ['even.qcow2', String(32 * MiB), 32 * MiB],
    // A size that no cylinders, heads and sectors make: the format's own rounding must not show.
    ['geometry.qcow2', String(37 * MiB), 37 * MiB],
  ])('%s of %s bytes becomes a fixed VHD', async (name, size, expected) => {
    const disk = await sampleDisk(name, size);
    const path = join(directory, `${name}.vhd`);
    expect(await convertToVhd(disk, [], path)).toEqual({ virtualSizeBytes: expected, sizeBytes: expected + 512 });
    const { footer, fileBytes } = await readVhdFooter(path);
    expect(fileBytes).toBe(expected + 512);
    expect(footer).toMatchObject({ diskType: 'fixed', checksumValid: true, currentSizeBytes: expected });
    expect(await diskInfo(path, 'vpc', { strict: true })).toMatchObject({ virtualSizeBytes: expected });
    expect((await stat(path)).blocks * 512).toBeLessThan(6 * MiB);
    // The bytes before the footer are the disk's, with zeros up to the whole MiB.
    const grown = `${disk}.raw`;
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', disk, grown]);
    await truncate(grown, expected);
    const body = `${path}.raw`;
    await execa('cp', ['--sparse=always', path, body]);
    await truncate(body, expected);
    await execa('cmp', [grown, body]);
    await rm(grown);
    await rm(body);
  });

  test('a damaged footer is refused', async () => {
    const disk = await sampleDisk('damage.qcow2', '32M');
    const path = join(directory, 'damage.vhd');
    await convertToVhd(disk, [], path);
    const file = await open(path, 'r+');
    await file.write(Buffer.of(1), 0, 1, 32 * MiB + 300);
    await file.close();
    await expect(verifyFixedVhd(path, 32 * MiB)).rejects.toMatchObject({ code: 'VhdInvalid' });
  });
});

describe('a disk that somebody brings', () => {
  test('a backing file is refused', async () => {
    const base = await sampleDisk('own-base.qcow2', '32M');
    const path = join(directory, 'own-top.qcow2');
    await createOverlay(path, base);
    await expect(diskInfo(path, 'qcow2', { strict: true })).rejects.toMatchObject({
      code: 'DiskRefused',
      message: expect.stringContaining('backing file'),
    });
    expect((await diskInfo(path, 'qcow2')).backingFile).toBe(base);
  });

  test('a data file, a snapshot and encryption are refused', async () => {
    const data = join(directory, 'data.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${data}.raw`, data, '1M']);
    await expect(diskInfo(data, 'qcow2', { strict: true })).rejects.toThrow('another file');
    const snapshot = await sampleDisk('snapshot.qcow2', '32M');
    await execa('qemu-img', ['snapshot', '-c', 'one', snapshot]);
    await expect(diskInfo(snapshot, 'qcow2', { strict: true })).rejects.toThrow('snapshots');
    const secret = await sampleDisk('secret.qcow2', '32M');
    const file = await open(secret, 'r+');
    await file.write(Buffer.of(0, 0, 0, 2), 0, 4, 32);
    await file.close();
    await expect(diskInfo(secret, 'qcow2', { strict: true })).rejects.toThrow('encrypted');
  });

  test('a disk of another format than stated is refused, and raw is taken as it is', async () => {
    const raw = join(directory, 'real.raw');
    await writeFile(raw, Buffer.alloc(MiB, 3));
    await expect(diskInfo(raw, 'qcow2', { strict: true })).rejects.toThrow('not a qcow2');
    await expect(diskInfo(raw, 'vpc', { strict: true })).rejects.toThrow('not a VHD');
    await expect(diskInfo(raw, 'vhdx', { strict: true })).rejects.toMatchObject({ code: 'DiskRefused' });
    const disguised = await sampleDisk('disguised.raw', '32M');
    const info = await diskInfo(disguised, 'raw', { strict: true });
    expect(info.virtualSizeBytes).toBe((await stat(disguised)).size);
    const converted = join(directory, 'converted.qcow2');
    await convertDisk({ source: raw, sourceFormat: 'raw', destination: converted, destinationFormat: 'qcow2' });
    expect(await contentOf(converted, 'qcow2')).toBe(await contentOf(raw, 'raw'));
  });
});
