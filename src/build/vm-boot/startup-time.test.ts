import { expect, test } from 'vitest';
import { startupSeconds } from './startup-time.ts';

test.each([
  ['Startup finished in 13.415s (kernel) + 53.366s (userspace) = 1min 6.782s \ngraphical.target reached', 66.782],
  ['Startup finished in 900ms (kernel) + 80ms (initrd) + 20ms (userspace) = 1s', 1],
  ['Startup finished in 3.5s (firmware) + 2s (loader) + 1s (kernel) + 1h (userspace) = 1h 2min 6.5s', 3726.5],
  ['Startup finished in 1us (kernel) + 1ms (userspace) = 512us', 0.000512],
])('%s', (text, seconds) => {
  expect(startupSeconds(text)).toBeCloseTo(seconds, 6);
});

test.each([
  'Bootup is not yet finished (org.freedesktop.systemd1.Manager.FinishTimestampMonotonic=0).',
  'Startup finished in 1s (kernel) + 1s (userspace) = soon',
  'Startup finished in 1s (kernel) = ',
  '',
])('without a sum there is no time: %s', text => {
  expect(startupSeconds(text)).toBeUndefined();
});
