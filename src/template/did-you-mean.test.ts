import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './did-you-mean.ts';

describe('nearest', () => {
  it.each([
    ['aritfactTags', 'artifactTags'],
    ['vmboot', 'vmBoot'],
    ['tags', 'artifactTags'],
    ['SCRIPTURI', 'scriptUri'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearest(word, ['scriptUri', 'artifactTags', 'vmBoot'])).toBe(meant);
  });

  it('prefers what begins alike', () => {
    expect(nearest('2024-02-10', ['2022-02-14', '2024-02-01'])).toBe('2024-02-01');
  });

  it('suggests nothing that is far', () => {
    expect(nearest('colour', ['scriptUri', 'name'])).toBeUndefined();
    expect(didYouMean('colour', ['name'])).toBe('');
    expect(didYouMean('nmae', ['name'])).toBe('');
    expect(didYouMean('nam', ['name'])).toBe(' Did you mean `name`?');
  });
});
