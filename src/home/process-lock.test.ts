import { describe, expect, test } from 'vitest';
import { hasMachineId, isAlive, ownerIn, ownerName } from './process-lock.ts';

describe('process owner', () => {
  test('this process is alive', () => {
    expect(ownerName()).toMatch(/^\d+-\d+(@[0-9a-f]{8})?$/);
    expect(ownerName().includes('@')).toBe(hasMachineId());
    expect(isAlive(ownerName())).toBe(true);
  });

  test('the same pid with another start time is another process', () => {
    expect(isAlive(`${process.pid}-1`)).toBe(false);
  });

  test('a pid that no process has, and text that is no owner, are not alive', () => {
    expect(isAlive('4194999-5')).toBe(false);
    expect(isAlive('')).toBe(false);
    expect(isAlive('run:abc')).toBe(false);
    expect(isAlive(`x${ownerName()}`)).toBe(false);
    expect(isAlive(`${ownerName()}-x`)).toBe(false);
  });

  test('what another machine’s process owns is not taken for abandoned', () => {
    expect(isAlive('4194999-5@0123abcd')).toBe(true);
    expect(ownerIn('4194999-5@0123abcd-rest')).toBe('4194999-5@0123abcd');
  });

  test('the owner of a temporary file is in its name', () => {
    expect(ownerIn(`${ownerName()}-abc`)).toBe(ownerName());
    expect(ownerIn('abc')).toBeUndefined();
    expect(ownerIn('x1-2-abc')).toBeUndefined();
  });
});
