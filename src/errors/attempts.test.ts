import { expect, test } from 'vitest';
import { Attempts } from './attempts.ts';
import { KilnError } from './kiln-error.ts';

const failing =
  (code: string, options = {}) =>
  () => {
    throw new KilnError(code, 2, `${code} happened`, 'mend it', options);
  };

test('what succeeded is returned, and nothing is thrown', async () => {
  const attempts = new Attempts();
  expect(await attempts.try(async () => 7)).toBe(7);
  expect(() => attempts.end()).not.toThrow();
});

test('one failure is thrown as it is, with its place', async () => {
  const attempts = new Attempts();
  expect(await attempts.try(failing('A'), 'properties.source')).toBe(undefined);
  expect(() => attempts.end()).toThrow(
    expect.objectContaining({ code: 'A', target: 'properties.source', details: [] }),
  );
});

test('of several the first is thrown, and all are listed', async () => {
  const attempts = new Attempts();
  await attempts.try(failing('A'), 'x');
  await attempts.try(failing('B', { target: 'y' }), 'not taken');
  await attempts.try(failing('C', { details: [{ code: 'D', message: 'd' }] }));
  const details = [
    { code: 'A', message: 'A happened', target: 'x' },
    { code: 'B', message: 'B happened', target: 'y' },
    { code: 'D', message: 'd' },
  ];
  expect(() => attempts.end()).toThrow(expect.objectContaining({ code: 'A', details }));
});

test('the order is that of the tries, also where several go on at once', async () => {
  const attempts = new Attempts();
  const late = async () => {
    await new Promise(resolve => setTimeout(resolve, 5));
    failing('A')();
  };
  await Promise.all([attempts.try(late), attempts.try(() => 'fine'), attempts.try(failing('B'))]);
  expect(attempts.details.map(({ code }) => code)).toEqual(['A', 'B']);
  expect(() => attempts.end()).toThrow(expect.objectContaining({ code: 'A' }));
});

test('a defect is not collected', async () => {
  const defect = () => {
    throw new TypeError('no');
  };
  await expect(new Attempts().try(defect)).rejects.toThrow(TypeError);
});
