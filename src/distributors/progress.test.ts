import { expect, test } from 'vitest';
import { progressOf } from './progress.ts';

test('progress is said at the start and once at the end, not for every byte', () => {
  const said: number[] = [];
  const progress = progressOf(
    event => {
      if (event.type === 'progress') said.push(event.done);
    },
    'Copying',
    'bytes',
  );
  for (const done of [0, 1, 2, 3, 10, 10]) progress(done, 10);
  expect(said).toEqual([0, 10]);
});
