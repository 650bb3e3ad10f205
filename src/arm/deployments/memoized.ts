import { Consequence, type Failure } from './failure.ts';

/**
 * A function whose values are computed once. A value that needs itself fails with what `circular` says; the second time, a failure
 * is only a consequence of the first.
 */
export function memoized<T>(compute: (key: string) => T, circular: (key: string) => Failure): (key: string) => T {
  const known = new Map<string, { readonly value: T } | 'busy' | 'failed'>();
  return key => {
    const found = known.get(key);
    if (found === 'busy') throw circular(key);
    if (found === 'failed') throw new Consequence();
    if (found !== undefined) return found.value;
    known.set(key, 'busy');
    try {
      const value = compute(key);
      known.set(key, { value });
      return value;
    } catch (error) {
      known.set(key, 'failed');
      throw error;
    }
  };
}
