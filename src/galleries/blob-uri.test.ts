import { join, sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blobName, parseBlobUri } from './blob-uri.ts';

describe('the URI of a blob', () => {
  test.each([
    ['https://images.blob.core.windows.net/vhds/web.vhd', 'images/vhds/web.vhd'],
    ['HTTPS://Images1.BLOB.core.usgovcloudapi.net/vhds/a/b%20c/Web-1.0.vhd', 'images1/vhds/a/b c/Web-1.0.vhd'],
    ['https://abc.blob.localhost/a1b/x', 'abc/a1b/x'],
  ])('%s is a file of an account and a container', (uri, name) => {
    expect(blobName(parseBlobUri(uri))).toBe(name);
  });

  const host = 'https://images.blob.core.windows.net';
  test.each([
    ['http://images.blob.core.windows.net/vhds/x.vhd', 'https'],
    ['file:///etc/passwd', 'https'],
    ['', 'https'],
    ['https://images.file.core.windows.net/vhds/x.vhd', 'host'],
    ['https://images.blob/vhds/x.vhd', 'host'],
    ['https://im.blob.core.windows.net/vhds/x.vhd', 'account'],
    ['https://user:secret@images.blob.core.windows.net/vhds/x.vhd', 'user'],
    ['https://images.blob.core.windows.net:8443/vhds/x.vhd', 'port'],
    [`${host}/vhds/x.vhd?sig=secret`, 'query'],
    [`${host}/vhds/x.vhd#part`, 'fragment'],
    [`${host}/vhds`, 'no blob'],
    [`${host}/vhds/`, 'part of the name'],
    [`${host}/Vhds/x.vhd`, 'container'],
    [`${host}/../x/y.vhd`, 'container'],
    [`${host}/$root/x.vhd`, 'container'],
    [`${host}/vhds/../../x.vhd`, 'part of the name'],
    [`${host}/vhds/%2e%2e/x.vhd`, 'part of the name'],
    [`${host}/vhds/a%2Fb.vhd`, 'part of the name'],
    [`${host}/vhds/a%5Cb.vhd`, 'part of the name'],
    [`${host}/vhds/a%00.vhd`, 'part of the name'],
    [`${host}/vhds/a%0A`, 'part of the name'],
    [`${host}/vhds//x.vhd`, 'part of the name'],
    [`${host}/vhds/.hidden`, 'part of the name'],
    [`${host}/vhds/x.`, 'part of the name'],
    [`${host}/vhds/x%3Fy`, 'part of the name'],
    [`${host}/vhds/%E0%A4%A`, 'encoded'],
  ])('%s is refused, without a secret in what is said', (uri, why) => {
    const parse = () => parseBlobUri(uri);
    expect(parse).toThrow(expect.objectContaining({ code: 'VhdUriInvalid', message: expect.stringContaining(why) }));
    expect(parse).not.toThrow(/secret/);
  });

  test('whatever is accepted lies below its container', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('..', '.', '%2e%2e', '%2f', 'a', '\\', 'b.vhd'));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), parts => {
        let name: string;
        try {
          name = blobName(parseBlobUri(`${host}/vhds/${parts.join('/')}`));
        } catch (error) {
          expect(error).toMatchObject({ code: 'VhdUriInvalid' });
          return;
        }
        expect(join('/storage', name)).toBe(`/storage/${name}`);
        expect(join('/storage', name).startsWith(`/storage${sep}images${sep}vhds${sep}`)).toBe(true);
      }),
    );
  });
});
