import { expect, test } from 'vitest';
import { machineError } from '../errors/machine.ts';
import { userError } from './user-error.ts';

const withCode = (code: string) => Object.assign(new Error('no'), { code });

test.each([
  withCode('ENOSPC'),
  withCode('EDQUOT'),
  withCode('SQLITE_FULL'),
  machineError('ToolFailed', { tool: 'qemu-img', reason: 'exit code 1: disk.qcow2: No space left on device' }),
])('$code is a full disk', thrown => {
  const error = userError(thrown, '/home');
  expect(error).toMatchObject({ code: 'DiskSpace', exit: 3, cause: thrown });
  expect(error.message).toContain('/home');
});

test('what is for the user already stays as it is', () => {
  const thrown = machineError('ToolFailed', { tool: 'qemu-img', reason: 'exit code 1' });
  expect(userError(thrown, '/home')).toBe(thrown);
});

test.each([new TypeError('x is undefined'), withCode('EIO'), 'a text'])('%s is a defect', thrown => {
  const error = userError(thrown, '/home');
  expect(error).toMatchObject({ code: 'Defect', exit: 1 });
  expect(error.message).toContain(thrown instanceof Error ? thrown.message : thrown);
  expect(error.todo).toContain('user-error.test.ts');
});
