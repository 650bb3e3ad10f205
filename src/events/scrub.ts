import type { BuildEvent } from './build-event.ts';

/** Replaces every known secret in a text. */
export type Scrub = (text: string) => string;

const MARK = '***';

/** Signature parameters of shared-access URLs: whoever has the URL has the blob. */
const SIGNATURES = /([?&](?:sig|X-Amz-Signature|X-Amz-Security-Token|access_token)=)[^&\s"']+/gi;
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s:@]+:[^/\s@]+@/gi;

/** A scrubber for the given secrets (those shorter than four characters would blank ordinary text and are left). */
export function scrubber(secrets: Iterable<string> = []): Scrub {
  const known = [...new Set(secrets)].filter(s => s.length >= 4).sort((a, b) => b.length - a.length);
  return text => {
    let out = text;
    for (const secret of known) out = out.replaceAll(secret, MARK);
    return out.replace(SIGNATURES, `$1${MARK}`).replace(USER_INFO, `$1${MARK}@`);
  };
}

/** The event with every string in it scrubbed. */
export function scrubEvent(scrub: Scrub, event: BuildEvent): BuildEvent {
  return scrubValue(scrub, event) as BuildEvent;
}

function scrubValue(scrub: Scrub, value: unknown): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map(v => scrubValue(scrub, v));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, scrubValue(scrub, v)]));
  }
  return value;
}
