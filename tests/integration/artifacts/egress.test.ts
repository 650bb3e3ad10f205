import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ResolveName } from '../../../src/artifacts/connector.ts';
import { bench, file, type Handler, inTurn, need, never, serve, status } from './bench.ts';

const SCRIPT = Buffer.from('echo hi\n');

/** A name server of one table. Counts nothing and sends nothing. */
function names(table: Readonly<Record<string, readonly string[]>>): ResolveName {
  return async hostname => (table[hostname] ?? []).map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
}

describe('addresses', () => {
  test.each([
    ['http://169.254.169.254/metadata/instance', 'link-local'],
    ['http://127.0.0.2/', 'loopback'],
    ['http://2130706434/', 'loopback'],
    ['http://0x7f.2/', 'loopback'],
    ['http://[::1]/', 'loopback'],
    ['http://[::ffff:169.254.169.254]/', 'link-local'],
    ['http://10.0.0.1/', 'private'],
  ])('%s is refused and the configuration key is named', async (uri, range) => {
    const { fetcher, out, home } = await bench();
    await expect(fetcher.fetchArtifact(need(uri), out, never)).rejects.toMatchObject({
      code: 'AddressDenied',
      message: expect.stringContaining(range),
      todo: expect.stringMatching(new RegExp(`network\\.allow.*${home.config}`)),
    });
  });

  test('localhost is refused where loopback is', async () => {
    const { fetcher, out } = await bench({ network: { allow: [] } });
    const failed = fetcher.fetchArtifact(need('http://localhost:1/x'), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'AddressDenied' });
  });

  test('a name that resolves to a denied address is refused, without a retry', async () => {
    const asked: string[] = [];
    const resolve: ResolveName = async hostname => {
      asked.push(hostname);
      return [{ address: '169.254.169.254', family: 4 }];
    };
    const { fetcher, out } = await bench({}, { resolve });
    const failed = fetcher.fetchArtifact(need('http://innocent.example/x'), out, never);
    await expect(failed).rejects.toMatchObject({
      code: 'AddressDenied',
      message: expect.stringContaining('169.254.169.254'),
    });
    expect(asked).toEqual(['innocent.example']);
  });

  test('of a name with several addresses only the open ones are connected to', async () => {
    const handler = inTurn(file(SCRIPT));
    const { port } = new URL(await serve(handler));
    const resolve = names({ 'two.example': ['::1', '169.254.169.254', '127.0.0.1'] });
    const { fetcher, out } = await bench({}, { resolve });
    await fetcher.fetchArtifact(need(`http://two.example:${port}/x`), out, never);
    expect(handler.requests[0]?.headers.host).toBe(`two.example:${port}`);
    expect(handler.requests[0]?.socket.remoteAddress).toBe('127.0.0.1');
  });

  test('the address that was judged is the one that is connected to: a name is resolved once', async () => {
    const { port } = new URL(await serve(file(SCRIPT)));
    let asked = 0;
    const resolve: ResolveName = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
    };
    const { fetcher, out } = await bench({}, { resolve });
    await fetcher.fetchArtifact(need(`http://rebound.example:${port}/x`), out, never);
    expect(asked).toBe(1);
  });

  test('a name without addresses is an error that is not retried', async () => {
    const { fetcher, out, events } = await bench({}, { resolve: names({}) });
    const failed = fetcher.fetchArtifact(need('http://nowhere.example/x'), out, never);
    await expect(failed).rejects.toMatchObject({
      code: 'DownloadFailed',
      message: expect.stringContaining('host name is unknown'),
    });
    expect(events).toEqual([]);
  });
});

describe('redirects', () => {
  const to = (location: string): Handler => status(302, { location });

  test('are followed, and credentials stay with their origin', async () => {
    const target = inTurn(file(SCRIPT));
    const there = await serve(target);
    const first = inTurn(to('/second'), to(`${there}/third`));
    const here = await serve(first);
    const artifact = await (await prepared()).fetch(here.replace('//', '//user:pass%21@'));
    expect(artifact.sizeBytes).toBe(SCRIPT.length);
    const credentials = `Basic ${Buffer.from('user:pass!').toString('base64')}`;
    expect(first.requests.map(request => [request.url, request.headers.authorization])).toEqual([
      ['/', credentials],
      ['/second', credentials],
    ]);
    expect(target.requests.map(request => [request.url, request.headers.authorization])).toEqual([
      ['/third', undefined],
    ]);
  });

  test('to a denied address are refused by what the address is, not by what it answers', async () => {
    const { fetch } = await prepared();
    const failed = fetch(await serve(to('http://169.254.169.254/metadata/identity/oauth2/token')));
    await expect(failed).rejects.toMatchObject({ code: 'AddressDenied' });
  });

  test('to a name with a denied address are refused', async () => {
    const { fetch } = await prepared(names({ 'inner.example': ['10.0.0.5'] }));
    await expect(fetch(await serve(to('http://inner.example/x')))).rejects.toMatchObject({ code: 'AddressDenied' });
  });

  test('without an end are given up', async () => {
    const { fetch } = await prepared();
    const handler = inTurn(to('/again'));
    await expect(fetch(await serve(handler))).rejects.toMatchObject({ code: 'RedirectDenied' });
    expect(handler.requests).toHaveLength(11);
  });

  test.each([
    ['file:///etc/passwd', 'UnsupportedScheme'],
    ['ftp://127.0.0.1/x', 'UnsupportedScheme'],
    ['http://[', 'RedirectDenied'],
  ])('to %s are refused: %s', async (location, code) => {
    const { fetch } = await prepared();
    await expect(fetch(await serve(to(location)))).rejects.toMatchObject({ code });
  });

  async function prepared(resolve: ResolveName = names({})) {
    const { fetcher, out } = await bench({}, { resolve });
    return { fetch: (uri: string) => fetcher.fetchArtifact(need(uri), out, never) };
  }
});

describe('a proxy', () => {
  test('gets the request whole, and is not judged itself', async () => {
    const proxy = inTurn(file(SCRIPT));
    const environment = { HTTP_PROXY: (await serve(proxy)).replace('//', '//me:pass@') };
    const { fetcher, out } = await bench({ network: { allow: [] } }, { environment });
    await fetcher.fetchArtifact(need('http://files.example/a.sh?v=1'), out, never);
    const [request] = proxy.requests;
    expect(request?.url).toBe('http://files.example/a.sh?v=1');
    expect(request?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`);
  });

  test.each(['http://169.254.169.254/x', 'http://localhost/x'])('is never asked for %s', async uri => {
    const proxy = inTurn(file(SCRIPT));
    const environment = { http_proxy: await serve(proxy) };
    const { fetcher, out } = await bench({ network: { allow: [] } }, { environment });
    await expect(fetcher.fetchArtifact(need(uri), out, never)).rejects.toMatchObject({ code: 'AddressDenied' });
    expect(proxy.requests).toEqual([]);
  });

  test('is passed by for what NO_PROXY names', async () => {
    const proxy = inTurn(status(500));
    const environment = { HTTP_PROXY: await serve(proxy), NO_PROXY: '127.0.0.1' };
    const { fetcher, out } = await bench({}, { environment });
    await fetcher.fetchArtifact(need(`${await serve(file(SCRIPT))}/x`), out, never);
    expect(proxy.requests).toEqual([]);
  });

  test('that refuses a tunnel is an error, not a cancellation', async () => {
    const tunnels: (string | undefined)[] = [];
    const server = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void server.close());
    const environment = { HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const { fetcher, out } = await bench({}, { environment });
    const failed = fetcher.fetchArtifact(need('https://files.example/a.sh'), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'DownloadFailed', message: expect.stringContaining('403') });
    expect(tunnels).toEqual(['files.example:443']);
  });

  test('that is not a URL is an error of the configuration', async () => {
    const { fetcher, out } = await bench({}, { environment: { HTTPS_PROXY: 'proxy' } });
    const failed = fetcher.fetchArtifact(need('https://files.example/a.sh'), out, never);
    await expect(failed).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});

test.each(['ftp://example.org/x', 's3://bucket/x', 'data:text/plain,hi', 'javascript:1'])(
  '%s cannot be fetched',
  async uri => {
    const { fetcher, out } = await bench();
    await expect(fetcher.fetchArtifact(need(uri), out, never)).rejects.toMatchObject({
      code: 'UnsupportedScheme',
      exit: 2,
    });
  },
);
