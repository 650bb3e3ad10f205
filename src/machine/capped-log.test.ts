import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CappedLog } from './capped-log.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiln-log-'));
  path = join(directory, 'log');
});

afterEach(() => rmSync(directory, { recursive: true }));

test('what is below the limit is there at once, for its owner only', () => {
  const log = new CappedLog(path, 100);
  log.write(Buffer.from('first '));
  log.write(Buffer.from('second'));
  expect(readFileSync(path, 'utf8')).toBe('first second');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  log.close();
});

test('at the limit it says so once and grows no more', () => {
  const log = new CappedLog(path, 10);
  for (let i = 0; i < 5; i++) log.write(Buffer.from('12345678'));
  log.close();
  expect(readFileSync(path, 'utf8')).toMatch(/^1234567812\n\[kiln: .*\]\n$/);
});

test('after the end nothing is written, and ending twice is fine', () => {
  const log = new CappedLog(path, 100);
  log.close();
  log.close();
  log.write(Buffer.from('late'));
  expect(readFileSync(path, 'utf8')).toBe('');
});
