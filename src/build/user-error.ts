import { buildError } from '../errors/build.ts';
import { KilnError } from '../errors/kiln-error.ts';

/** How the file system, a quota and the database say that there is no room. */
const FULL = ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'];

/**
 * What was thrown, as an error for the user. A full disk is one; anything else that is no KilnError is a defect.
 *
 * @param home the directory on the disk in question
 */
export function userError(thrown: unknown, home: string): KilnError {
  if (isFullDisk(thrown)) return buildError('DiskSpace', { path: home }, { cause: thrown });
  if (thrown instanceof KilnError) return thrown;
  const defect = thrown instanceof Error ? thrown : new Error(String(thrown));
  return buildError('Defect', { reason: defect.message, stack: defect.stack ?? '' }, { cause: defect });
}

function isFullDisk(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  // The disk tools say it in words.
  if (thrown.code === 'ToolFailed') return /No space left on device|Disk quota exceeded/.test(thrown.message);
  return FULL.includes(String(thrown.code));
}
