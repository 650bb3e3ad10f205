import { describe, expect, test } from 'vitest';
import type { CatalogueImage } from './catalogue-schema.ts';
import { findImage } from './find-image.ts';
import type { SourceRecord } from './source-index.ts';

const devices = { disk: 'virtio', nic: 'virtio' } as const;

function image(id: string, names: CatalogueImage['names'], versions: readonly string[]): CatalogueImage {
  const ways = [{ recipe: id, verified: true }];
  return { id, title: id, names, os: 'Linux', devices, versions: versions.map(version => ({ version, ways })) };
}

function added(name: string, version: string): SourceRecord {
  return {
    ...{ v: 1, id: 'added', version, origin: 'added', title: name, names: { [name]: 'V1' }, os: 'Linux', devices },
    ...{ digest: 'kdt1:0', virtualSizeBytes: 1, sizeBytes: 1, way: 'added', since: '2026-01-01T00:00:00.000Z' },
  };
}

const catalogue = [
  image('site', { 'Pub:offer:sku': 'V2' }, ['1.0.0']),
  image('own', { 'pub:offer:sku': 'V1', 'pub:offer:sku-gen2': 'V2' }, ['2.9.0', '2.10.0']),
];

describe('findImage', () => {
  test('latest is the highest version as numbers go', () => {
    const found = findImage({ catalogue, records: [] }, 'pub:offer:sku-gen2', 'latest');
    expect(found).toMatchObject({ id: 'own', version: '2.10.0', generation: 'V2' });
  });

  test('names are the same in any case, and the first catalogue that has one wins', () => {
    expect(findImage({ catalogue, records: [] }, 'PUB:OFFER:SKU', 'latest')).toMatchObject({
      id: 'site',
      version: '1.0.0',
    });
  });

  test('an exact version is found wherever it is', () => {
    expect(findImage({ catalogue, records: [] }, 'pub:offer:sku', '2.9.0').id).toBe('own');
  });

  test("a user's own disk is the latest, even with a lower version", () => {
    const known = { catalogue, records: [added('Pub:offer:SKU', '0.0.1')] };
    expect(findImage(known, 'pub:offer:sku', 'latest')).toMatchObject({ origin: 'added', version: '0.0.1', ways: [] });
    expect(findImage(known, 'pub:offer:sku', '1.0.0').id).toBe('site');
  });

  test('an unknown name says what is close to it', () => {
    const find = () => findImage({ catalogue, records: [] }, 'pub:offer:sku-gen1', 'latest');
    expect(find).toThrow(
      expect.objectContaining({ code: 'SourceUnknown', todo: expect.stringContaining('pub:offer:sku-gen2') }),
    );
  });

  test('an unknown version says which ones there are, the highest first', () => {
    const find = () => findImage({ catalogue, records: [] }, 'pub:offer:sku', '7.0.0');
    expect(find).toThrow(
      expect.objectContaining({ code: 'SourceVersionUnknown', todo: expect.stringContaining('2.10.0, 2.9.0, 1.0.0') }),
    );
  });
});
