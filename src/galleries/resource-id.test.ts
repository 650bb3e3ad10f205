import { describe, expect, test } from 'vitest';
import {
  definitionId,
  managedImageId,
  parseGalleryImageId,
  parseManagedImageId,
  parseVersionId,
} from './resource-id.ts';

const GROUP = '/subscriptions/5f2c/resourceGroups/rg-1/providers/Microsoft.Compute';

describe('resource ids', () => {
  test('are read without regard to case and rendered in the canonical form', () => {
    const written = '/SUBSCRIPTIONS/5f2c/resourcegroups/rg-1/providers/microsoft.compute/IMAGES/Web';
    expect(managedImageId(parseManagedImageId(written))).toBe(`${GROUP}/images/Web`);
    const gallery = parseGalleryImageId(`${GROUP.toLowerCase()}/GALLERIES/g1/Images/d1`);
    expect(gallery.version).toBeUndefined();
    expect(definitionId(gallery)).toBe(
      `/subscriptions/5f2c/resourceGroups/rg-1${GROUP.slice(39)}/galleries/g1/images/d1`,
    );
  });

  test('a gallery image id may name a version', () => {
    expect(parseGalleryImageId(`${GROUP}/galleries/g1/images/d1/versions/1.2.3`).version).toBe('1.2.3');
    expect(parseVersionId(`${GROUP}/galleries/g1/images/d1/versions/latest`)).toMatchObject({
      subscription: '5f2c',
      resourceGroup: 'rg-1',
      gallery: 'g1',
      definition: 'd1',
      version: 'latest',
    });
  });

  test.each([
    '',
    'web',
    `${GROUP}/disks/web`,
    `${GROUP}/images/`,
    `${GROUP}/images/../x`,
    `${GROUP}/images/a b`,
    `${GROUP}/galleries/g1/images/d1/versions`,
    `/subscriptions//resourceGroups/rg/providers/Microsoft.Compute/images/x`,
  ])('%j is refused with the form that is wanted', id => {
    expect(() => parseManagedImageId(id)).toThrow('is not the id of a managed image');
    expect(() => parseVersionId(id)).toThrow('is not the id of a gallery image version');
  });
});
