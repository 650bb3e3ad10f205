import { expect, test } from 'vitest';
import { bootTimes } from './boot-times.ts';

test.each([
  [['boot menu: it does not wait any more'], 'A restart took 31.3 s and takes 26.2 s now'],
  [[], 'A restart takes 31.3 s; there was nothing to make faster'],
])('%j', (done, text) => {
  expect(bootTimes({ beforeSeconds: 31.25, afterSeconds: 26.2, done, left: [] })).toBe(text);
});
