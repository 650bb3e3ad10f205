import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bench, CONTENT, cutAfter, file, inTurn, need, never, serve, sha256, status } from './bench.ts';

describe('a download', () => {
  test('arrives whole, at its place, and leaves nothing else', async () => {
    const { fetcher, out, leftovers } = await bench();
    const url = `${await serve(file(CONTENT))}/disk.img`;
    const seen: [number, number | undefined][] = [];
    const destination = join(out, 'disk.img');
    const onProgress = (done: number, total: number | undefined) => void seen.push([done, total]);
    const result = await fetcher.download({ url, destination, onProgress, signal: never });
    expect(result).toEqual({ sha256: sha256(CONTENT), sizeBytes: CONTENT.length });
    expect(await readFile(destination)).toEqual(CONTENT);
    expect((await stat(destination)).mode & 0o777).toBe(0o600);
    expect(seen.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
    expect(await leftovers()).toEqual([]);
  });

  test('that breaks off continues where it stopped', async () => {
    const { fetcher, out, events } = await bench();
    const handler = inTurn(cutAfter(CONTENT, 100_000), file(CONTENT));
    const url = `${await serve(handler)}/disk.img`;
    await fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    expect(await readFile(join(out, 'disk.img'))).toEqual(CONTENT);
    expect(handler.requests.map(request => request.headers.range)).toEqual([undefined, 'bytes=100000-']);
    expect(handler.requests[1]?.headers['if-range']).toBe('"one"');
    expect(events).toEqual([expect.objectContaining({ type: 'log', level: 'warning' })]);
  });

  test('that failed for good is continued by the next call', async () => {
    const { fetcher, out, leftovers } = await bench();
    const broken = status(503);
    const handler = inTurn(cutAfter(CONTENT, 100_000), broken, broken, broken, file(CONTENT));
    const url = `${await serve(handler)}/disk.img`;
    const request = { url, destination: join(out, 'disk.img'), signal: never };
    await expect(fetcher.download(request)).rejects.toMatchObject({ code: 'TruncatedBody', exit: 1 });
    expect(await leftovers()).toHaveLength(1);
    await fetcher.download(request);
    expect(handler.requests.at(-1)?.headers.range).toBe('bytes=100000-');
    expect(await readFile(request.destination)).toEqual(CONTENT);
    expect(await leftovers()).toEqual([]);
  });

  test('starts over when the server knows no ranges', async () => {
    const { fetcher, out } = await bench();
    const whole = (_request: unknown, response: import('node:http').ServerResponse) => {
      response.setHeader('etag', '"one"').end(CONTENT);
    };
    const handler = inTurn(cutAfter(CONTENT, 100_000), whole);
    const url = `${await serve(handler)}/disk.img`;
    await fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    expect(await readFile(join(out, 'disk.img'))).toEqual(CONTENT);
  });

  test('starts over when the content changed meanwhile', async () => {
    const { fetcher, out } = await bench();
    const other = Buffer.from(CONTENT).reverse();
    const handler = inTurn(cutAfter(CONTENT, 100_000), file(other, '"two"'));
    const url = `${await serve(handler)}/disk.img`;
    await fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    expect(await readFile(join(out, 'disk.img'))).toEqual(other);
  });

  test('starts over when two halves do not make the expected whole', async () => {
    const { fetcher, out } = await bench();
    const stale = Buffer.alloc(CONTENT.length);
    const handler = inTurn(cutAfter(stale, 100_000), file(CONTENT));
    const url = `${await serve(handler)}/disk.img`;
    const expect256 = { sha256: sha256(CONTENT) };
    await fetcher.download({ url, destination: join(out, 'disk.img'), expect: expect256, signal: never });
    expect(await readFile(join(out, 'disk.img'))).toEqual(CONTENT);
    expect(handler.requests.map(request => request.headers.range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  test('asks for all of it again when nothing could tell whether the rest fits', async () => {
    const { fetcher, out } = await bench();
    const bare = (_request: unknown, response: import('node:http').ServerResponse) => {
      response.setHeader('content-length', CONTENT.length).end(CONTENT);
    };
    const handler = inTurn(cutAfter(CONTENT, 100_000, ''), bare);
    const url = `${await serve(handler)}/disk.img`;
    await fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    expect(handler.requests[1]?.headers.range).toBeUndefined();
    expect(await readFile(join(out, 'disk.img'))).toEqual(CONTENT);
  });

  test('that always ends early is an error with both sizes, after a bounded number of attempts', async () => {
    const { fetcher, out } = await bench();
    const handler = inTurn(cutAfter(CONTENT, 5000));
    const url = `${await serve(handler)}/disk.img?sig=SECRET`;
    const failed = fetcher.download({ url, destination: join(out, 'disk.img'), signal: never });
    const error = await failed.catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: 'TruncatedBody' });
    expect((error as Error).message).toMatch(/ended after 5000 of 300000 bytes/);
    expect(JSON.stringify(error)).not.toContain('SECRET');
    expect(handler.requests.length).toBeLessThanOrEqual(4);
    await expect(stat(join(out, 'disk.img'))).rejects.toThrow();
  });

  test('with the wrong checksum is an error with both digests, and nothing of it stays', async () => {
    const { fetcher, out, leftovers } = await bench();
    const url = `${await serve(file(CONTENT))}/disk.img`;
    const wrong = { sha512: 'A'.repeat(128) };
    const failed = fetcher.download({ url, destination: join(out, 'disk.img'), expect: wrong, signal: never });
    await expect(failed).rejects.toMatchObject({ code: 'ChecksumMismatch', exit: 1 });
    await expect(stat(join(out, 'disk.img'))).rejects.toThrow();
    expect(await leftovers()).toEqual([]);
  });

  test('that is larger than the disk is refused before it starts', async () => {
    const { fetcher, out, leftovers } = await bench();
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '9007199254740000' }).write('x');
    });
    const failed = fetcher.download({ url: `${url}/x`, destination: join(out, 'x'), signal: never });
    await expect(failed).rejects.toMatchObject({ code: 'DownloadDiskFull', exit: 3 });
    expect(await leftovers()).toEqual([]);
  });

  test('of one URL by two at once gives both the whole of it', async () => {
    const { fetcher, out } = await bench();
    const url = `${await serve(file(CONTENT))}/disk.img`;
    const destinations = ['a', 'b', 'c'].map(name => join(out, name));
    await Promise.all(destinations.map(destination => fetcher.download({ url, destination, signal: never })));
    for (const destination of destinations) expect(await readFile(destination)).toEqual(CONTENT);
  });
});

describe('a download that is stopped', () => {
  test('ends at once with the reason of the signal and keeps only what can be continued', async () => {
    const { fetcher, out, leftovers } = await bench();
    const stop = new AbortController();
    const url = await serve((_request, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': String(CONTENT.length) });
      response.write(CONTENT.subarray(0, 50_000));
    });
    const onProgress = () => stop.abort(new Error('enough'));
    const request = { url: `${url}/x`, destination: join(out, 'x'), onProgress, signal: stop.signal };
    await expect(fetcher.download(request)).rejects.toThrow('enough');
    const [kept, ...more] = await leftovers();
    expect(kept).toMatch(/^[0-9a-f]{40}$/);
    expect(more).toEqual([]);
    await expect(stat(join(out, 'x'))).rejects.toThrow();
  });

  test('leaves nothing when it could not be continued', async () => {
    const { fetcher, out, leftovers } = await bench();
    const stop = new AbortController();
    const url = await serve((_request, response) => void response.write(CONTENT.subarray(0, 50_000)));
    const onProgress = () => stop.abort(new Error('enough'));
    const request = { url: `${url}/x`, destination: join(out, 'x'), onProgress, signal: stop.signal };
    await expect(fetcher.download(request)).rejects.toThrow('enough');
    expect(await leftovers()).toEqual([]);
  });

  test('does not wait for the next attempt', async () => {
    const { fetcher, out } = await bench({}, { limits: { pause: 60_000 } });
    const stop = new AbortController();
    const url = await serve((_request, response) => {
      response.writeHead(503).end();
      setTimeout(() => stop.abort(new Error('enough')), 100);
    });
    const request = { url: `${url}/x`, destination: join(out, 'x'), signal: stop.signal };
    await expect(fetcher.download(request)).rejects.toThrow('enough');
  });
});

describe('a server in trouble', () => {
  test('is asked again after 503 and 429, as late as it wants', async () => {
    const { fetcher, out, events } = await bench();
    const handler = inTurn(status(503), status(429, { 'retry-after': '1' }), file(CONTENT));
    const before = Date.now();
    const artifact = await fetcher.fetchArtifact(need(`${await serve(handler)}/a.sh`), out, never);
    expect(artifact.sizeBytes).toBe(CONTENT.length);
    expect(Date.now() - before).toBeGreaterThanOrEqual(1000);
    expect(events).toHaveLength(2);
  });

  test('is not asked again after 403, and the hint speaks of signatures', async () => {
    const { fetcher, out } = await bench();
    const handler = inTurn(status(403, { 'x-ms-error-code': 'AuthenticationFailed' }));
    const failed = fetcher.fetchArtifact(need(`${await serve(handler)}/a.sh?sig=SECRET`), out, never);
    const error = await failed.catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'DownloadFailed',
      target: 'properties.customize[0].scriptUri',
      todo: expect.stringContaining('SAS'),
      message: expect.stringContaining('HTTP 403 AuthenticationFailed'),
    });
    expect(JSON.stringify(error)).not.toContain('SECRET');
    expect(handler.requests).toHaveLength(1);
  });

  test('with nothing at the address is ArtifactNotFound', async () => {
    const { fetcher, out } = await bench();
    const failed = fetcher.fetchArtifact(need(`${await serve(status(404))}/a.sh`), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'ArtifactNotFound' });
  });

  test('that does not answer is given up', async () => {
    const { fetcher, out } = await bench({}, { limits: { attempts: 2, pause: 5, headers: 200, connect: 500 } });
    const handler = inTurn(() => undefined);
    const failed = fetcher.fetchArtifact(need(`${await serve(handler)}/a.sh`), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'DownloadFailed', message: expect.stringContaining('imeout') });
    expect(handler.requests).toHaveLength(2);
  });

  test('that is not there is an error that names it', async () => {
    const { fetcher, out } = await bench();
    const failed = fetcher.fetchArtifact(need('http://127.0.0.1:1/a.sh'), out, never);
    await expect(failed).rejects.toMatchObject({
      code: 'DownloadFailed',
      message: expect.stringMatching(/ECONNREFUSED.*attempts: 3/),
    });
  });

  test('that compresses although it was asked not to is refused', async () => {
    const { fetcher, out } = await bench();
    const handler = inTurn((_request, response) => response.setHeader('content-encoding', 'gzip').end('x'));
    const failed = fetcher.fetchArtifact(need(`${await serve(handler)}/a.sh`), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'DownloadFailed', message: expect.stringContaining('gzip') });
    expect(handler.requests.map(request => request.headers['accept-encoding'])).toEqual(['identity']);
  });
});

describe('the size limit', () => {
  test.each(['announced', 'not announced'])('holds when the size is %s', async how => {
    const { fetcher, out, leftovers } = await bench({ artifacts: { maxMiB: 1 } });
    const large = Buffer.alloc(2 * 1024 * 1024);
    const url = await serve((_request, response) => {
      if (how === 'announced') response.setHeader('content-length', large.length);
      response.write(large.subarray(0, 1_500_000), () => response.end(large.subarray(1_500_000)));
    });
    const failed = fetcher.fetchArtifact(need(`${url}/large`), out, never);
    await expect(failed).rejects.toMatchObject({
      code: 'ArtifactTooLarge',
      todo: expect.stringContaining('artifacts.maxMiB'),
    });
    expect(await leftovers()).toEqual([]);
  });

  test('a File above 20 MiB is a warning', async () => {
    const { fetcher, out, events } = await bench();
    const url = await serve(file(Buffer.alloc(21 * 1024 * 1024)));
    await fetcher.fetchArtifact({ ...need(`${url}/large`), kind: 'file' }, out, never);
    expect(events).toEqual([{ type: 'log', level: 'warning', message: expect.stringContaining('21 MiB') }]);
  });
});

test('an artifact is stored under its digest', async () => {
  const { fetcher, out } = await bench();
  const uri = `${await serve(file(Buffer.from('echo hi\n')))}/a.sh`;
  const digest = sha256('echo hi\n');
  const artifact = await fetcher.fetchArtifact(need(uri, digest.toUpperCase()), out, never);
  expect(artifact).toEqual({ uri, path: join(out, digest), sha256: digest, sizeBytes: 8 });
  expect(await readFile(artifact.path, 'utf8')).toBe('echo hi\n');
});
