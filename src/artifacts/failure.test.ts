import { describe, expect, test } from 'vitest';
import { artifactError } from '../errors/artifacts.ts';
import { connectionFailure, retryAfter, statusFailure } from './failure.ts';

const none = () => undefined;

describe('statusFailure', () => {
  test.each([408, 429, 500, 502, 503, 504])('%i is worth another attempt', status => {
    expect(statusFailure(status, none).retry).toBe(true);
  });

  test.each([400, 401, 403, 407, 409, 418, 501])('%i is not', status => {
    expect(statusFailure(status, none).retry).toBe(false);
  });
});

test('Retry-After is a number of seconds or a date', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');
  expect(retryAfter('3', now)).toBe(3000);
  expect(retryAfter('Wed, 01 Jan 2025 00:00:07 GMT', now)).toBe(7000);
  expect(retryAfter('Tue, 31 Dec 2024 00:00:00 GMT', now)).toBe(0);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});

describe('connectionFailure', () => {
  const coded = (code: string, cause?: unknown) => Object.assign(new Error(`it was ${code}`, { cause }), { code });

  test.each([
    'ECONNRESET',
    'ETIMEDOUT',
    'EAI_AGAIN',
    'UND_ERR_SOCKET',
    'UND_ERR_HEADERS_TIMEOUT',
    'HPE_INVALID_CONSTANT',
  ])('%s is worth another attempt', code => {
    expect(connectionFailure(coded(code)).retry).toBe(true);
  });

  test.each([
    'ENOTFOUND',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UND_ERR_ABORTED',
  ])('%s is not', code => {
    expect(connectionFailure(coded(code)).retry).toBe(false);
  });

  test('a failed handshake of TLS has its reason without what is inside of the library, and no advice on certificates', () => {
    const code = 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE';
    const error = Object.assign(new Error('40AD:error:0A000410:SSL routines:f:alert:../x.c:918:'), { code });
    const failure = connectionFailure(Object.assign(error, { reason: 'ssl/tls alert handshake failure' }));
    expect(failure).toMatchObject({ retry: false, reason: 'TLS: ssl/tls alert handshake failure' });
    expect(failure.hint).toContain('cipher suite');
  });

  test('one of several addresses is as good as an error of its own', () => {
    const error = new AggregateError([coded('ECONNREFUSED')], '');
    expect(connectionFailure(error)).toMatchObject({ retry: true, reason: 'it was ECONNREFUSED' });
  });

  test('a refusal of ours stays what it is, however deep', () => {
    const ours = artifactError('UnsupportedScheme', { uri: 'x:y', scheme: 'x' });
    expect(() => connectionFailure(coded('UND_ERR_SOCKET', ours))).toThrow(ours);
  });

  test('a defect is not a failure of the network', () => {
    const defect = new TypeError('x is not a function');
    expect(() => connectionFailure(defect)).toThrow(defect);
  });
});
