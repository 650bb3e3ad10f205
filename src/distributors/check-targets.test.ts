import { expect, test } from 'vitest';
import { checkPlaces } from './check-targets.ts';
import type { DistributeTarget } from './targets.ts';

const ROOT = 'https://account1.blob.core.windows.net/vhds';
const IMAGE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/web';

function vhd(runOutputName: string, path: string): DistributeTarget {
  return { type: 'VHD', runOutputName, artifactTags: {}, uri: path === '' ? '' : `${ROOT}/${path}` };
}

function image(runOutputName: string, imageId: string): DistributeTarget {
  return { type: 'ManagedImage', runOutputName, artifactTags: {}, imageId, location: 'westus2' };
}

test.each([
  ['one blob', [vhd('a', 'x/y.vhd'), vhd('b', 'z.vhd'), vhd('c', 'x/y.vhd')], [['a', 2]]],
  ['a blob below another', [vhd('a', 'x'), vhd('b', 'x/y/z.vhd')], [['a', 1]]],
  ['a blob above others', [vhd('a', 'x/y/1.vhd'), vhd('b', 'x/y/2.vhd'), vhd('c', 'x')], [['a', 2]]],
  [
    'the first of several',
    [vhd('a', 'x/y'), vhd('b', 'x'), vhd('c', 'x/y/z'), vhd('d', 'x')],
    [
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ],
  ],
  ['one image, whatever the case', [image('a', IMAGE), image('b', IMAGE.toUpperCase())], [['a', 1]]],
  ['a name that begins alike is another place', [vhd('a', 'x'), vhd('b', 'x.vhd'), vhd('c', ''), vhd('d', '')], []],
] as const)('targets in each other’s place: %s', async (_, targets, twice) => {
  const refused = await checkPlaces(targets).then(
    () => [],
    (error: { details: { target: string; message: string }[]; target: string; message: string }) =>
      error.details.length > 0 ? error.details : [error],
  );
  expect(refused.map(({ target }) => target.replace(/\.uri$/, ''))).toEqual(
    twice.map(([, index]) => `properties.distribute[${index}]`),
  );
  for (const [i, [first]] of twice.entries()) expect(refused[i]?.message).toContain(first);
});

test('very many targets are compared', { timeout: 20_000 }, async () => {
  const many = Array.from({ length: 5000 }, (_, i) => vhd(`o${i}`, `a/b/c/${i}.vhd`));
  await checkPlaces(many);
  await expect(checkPlaces([...many, vhd('last', 'a/b')])).rejects.toMatchObject({ code: 'TargetTwice' });
});
