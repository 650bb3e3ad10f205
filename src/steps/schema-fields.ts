import { z } from 'zod';

/** For checks across fields: they run whatever else is wrong, so that a reader sees every problem at once. */
export const always = (): boolean => true;

export const stepName = z.string().default('');

/** 64 hexadecimal digits or nothing. Upper case is accepted because Windows tools print it; the model has lower case. */
export const sha256 = z
  .string()
  .regex(/^(?:[0-9a-f]{64})?$/i, 'must be a SHA-256 checksum: 64 hexadecimal digits, as `sha256sum FILE` prints them')
  .default('');

/**
 * A URI or a relative path. Which schemes can be fetched is decided by the fetcher, because a site's mirrors may
 * give a meaning to any prefix.
 */
export const uri = z
  .string()
  .refine(isUri, 'must be a URI such as `https://example.com/setup.sh`, without spaces around or line breaks in it');

function isUri(text: string): boolean {
  if (text.trim() !== text || /[\x00-\x1f\x7f]/.test(text)) return false;
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || URL.canParse(text);
}
