import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCatalogues, OWN_CATALOGUE } from './catalogue.ts';
import { loadRecipe } from './recipe.ts';

describe("Kiln's own catalogue", () => {
  test('is valid, and every file of it has an image', async () => {
    const files = (await readdir(OWN_CATALOGUE)).filter(name => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(await loadCatalogues([join(OWN_CATALOGUE, file)])).not.toEqual([]);
    // Ids are unique over all files.
    await loadCatalogues([OWN_CATALOGUE]);
  });

  test('its recipes exist', async () => {
    const images = await loadCatalogues([OWN_CATALOGUE]);
    const ways = images.flatMap(image => image.versions).flatMap(version => version.ways);
    const recipes = ways.flatMap(way => ('recipe' in way ? [way.recipe] : []));
    expect(recipes).toContain('debian-12');
    for (const recipe of recipes) expect((await loadRecipe(recipe)).name).toBe(recipe);
  });

  test.each([
    'Debian:debian-12:12',
    'Debian:debian-12:12-gen2',
    'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2',
    'Canonical:0001-com-ubuntu-server-focal:20_04-lts-gen2',
    'Canonical:ubuntu-24_04-lts:server',
  ])('has %s', async name => {
    const images = await loadCatalogues([OWN_CATALOGUE]);
    expect(images.flatMap(image => Object.keys(image.names))).toContain(name);
  });
});

describe("a site's catalogue", () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kiln-catalogue-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const entry = (more: string) => `images:
  - id: mine
    title: Mine
    names: { Site:offer:sku: V2 }
    os: Linux
    devices: { disk: virtio, nic: virtio }
    versions:
      - version: 1.0.0
        ways:
${more}`;

  async function load(text: string) {
    const file = join(directory, 'site.yaml');
    await writeFile(file, text);
    return loadCatalogues([file]);
  }

  test('a file is relative to the catalogue', async () => {
    const [image] = await load(entry('          - { file: disks/a.qcow2, format: qcow2, verified: true }'));
    expect(image?.versions[0]?.ways[0]).toMatchObject({ file: join(directory, 'disks/a.qcow2') });
  });

  test.each([
    [
      'a download that nothing checks',
      '{ url: https://a.invalid/d.qcow2, format: qcow2, verified: false }',
      'one of sha256',
    ],
    ['a keyring without a list', '{ file: /a, format: qcow2, verified: false, keyring: /k }', 'keyring'],
    ['an unknown format', '{ file: /a, format: vmdk, verified: true }', 'ways.0.format'],
    ['a recipe outside of the recipes', '{ recipe: ../../evil, verified: true }', 'ways.0.recipe'],
    ['a short checksum', '{ file: /a, format: raw, sha256: abc, verified: true }', '64 hexadecimal digits'],
    ['a misspelt key', '{ file: /a, format: raw, verified: true, sha265: abc }', 'sha265'],
  ])('%s is refused, and the message says so', async (_what, way, said) => {
    const refusal = expect.objectContaining({ code: 'CatalogueInvalid', message: expect.stringContaining(said) });
    await expect(load(entry(`          - ${way}`))).rejects.toEqual(refusal);
  });

  test('a file that is not there is named', async () => {
    const missing = join(directory, 'missing.yaml');
    await expect(loadCatalogues([missing])).rejects.toMatchObject({ code: 'CatalogueInvalid' });
    await expect(loadCatalogues([missing])).rejects.toThrow(missing);
  });

  test('one id in two files is refused', async () => {
    const way = '          - { file: /a, format: raw, verified: true }';
    await writeFile(join(directory, 'other.yaml'), entry(way).replace('Site:offer:sku', 'Site:other:sku'));
    await load(entry(way));
    await expect(loadCatalogues([directory])).rejects.toThrow(/`mine` is already taken/);
  });
});
