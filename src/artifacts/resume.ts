import type { PartialFacts } from './partial.ts';

type Header = (name: string) => string | undefined;

/** What an answer means for the bytes that are there. */
export type Start =
  /** The body continues at `offset`, 0 for all of it. */
  | { readonly kind: 'body'; readonly offset: number; readonly facts: PartialFacts }
  /** Everything is there. */
  | { readonly kind: 'complete' }
  /** What is there is of no use: ask again for all of it. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'encoded' }
  | { readonly kind: 'error' };

export interface ResumePoint {
  readonly headers: Readonly<Record<string, string>>;
  start(status: number, header: Header): Start;
}

/**
 * How to ask for the rest of a body of which `size` bytes are there. It is asked for when the server can tell whether
 * it is still the same body (`If-Range`), or when a checksum will (`checked`).
 */
export function resumePoint(size: number, facts: PartialFacts, checked: boolean): ResumePoint {
  const { validator } = facts;
  const resumes = size > 0 && (validator !== undefined || checked);
  return {
    headers: resumes ? { range: `bytes=${size}-`, ...(validator === undefined ? {} : { 'if-range': validator }) } : {},
    start: (status, header) => {
      const encoding = header('content-encoding') ?? 'identity';
      const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header('content-range') ?? '');
      const total = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
      if (status === 416 && resumes) return total === size ? { kind: 'complete' } : { kind: 'restart' };
      if (status === 206) {
        const same = validator === undefined || validatorOf(header) === undefined || validatorOf(header) === validator;
        const fits = resumes && same && Number(range?.[1]) === size && (facts.total ?? total) === total;
        if (!fits) return resumes ? { kind: 'restart' } : { kind: 'error' };
        return encoding === 'identity'
          ? { kind: 'body', offset: size, facts: factsOf(header, total) }
          : { kind: 'encoded' };
      }
      if (status !== 200) return { kind: 'error' };
      if (encoding !== 'identity') return { kind: 'encoded' };
      return { kind: 'body', offset: 0, facts: factsOf(header, lengthOf(header)) };
    },
  };
}

function factsOf(header: Header, total: number | undefined): PartialFacts {
  const validator = validatorOf(header);
  return { ...(validator === undefined ? {} : { validator }), ...(total === undefined ? {} : { total }) };
}

/** A weak entity tag says "alike", which is not enough to join two halves. */
function validatorOf(header: Header): string | undefined {
  const etag = header('etag');
  return etag !== undefined && !etag.startsWith('W/') ? etag : header('last-modified');
}

function lengthOf(header: Header): number | undefined {
  const length = header('content-length');
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}
