import { expect, test } from 'vitest';
import { AnswerCache, type KeptAnswer } from './answer-cache.ts';

const answer = (text: string): KeptAnswer => ({ action: 'x/read', status: 200, body: Buffer.from(text) });

test('an answer is given again until something is written', () => {
  let version = 1;
  const cache = new AnswerCache(() => version);
  cache.keep('a', answer('one'), cache.version());
  expect(cache.get('a')?.body.toString()).toBe('one');
  expect(cache.get('b')).toBeUndefined();
  version += 1;
  expect(cache.get('a')).toBeUndefined();
});

test('an answer that was begun before a write is not kept', () => {
  let version = 1;
  const cache = new AnswerCache(() => version);
  const begun = cache.version();
  version += 1;
  cache.keep('a', answer('old'), begun);
  expect(cache.get('a')).toBeUndefined();
});

test('what is kept has a limit', () => {
  const cache = new AnswerCache(() => 1);
  const large = answer('x'.repeat(8 * 1024 * 1024));
  for (let i = 0; i < 20; i += 1) cache.keep(`k${i}`, large, 1);
  const kept = Array.from({ length: 20 }, (_, i) => cache.get(`k${i}`)).filter(one => one !== undefined);
  expect(kept).toHaveLength(7);
});
