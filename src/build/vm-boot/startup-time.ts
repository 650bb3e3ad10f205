const SECONDS: Readonly<Record<string, number>> = { h: 3600, min: 60, s: 1, ms: 0.001, us: 0.000001 };

/**
 * The sum in what `systemd-analyze time` prints, in seconds: `Startup finished in 2.1s (kernel) + 4.2s (userspace) = 6.3s`.
 * `undefined` where there is none, as long as the boot has not finished.
 */
export function startupSeconds(text: string): number | undefined {
  const sum = /^Startup finished in .* = ([^\n=]*)$/m.exec(text)?.[1]?.trim();
  const parts = sum?.split(/\s+/).map(part => /^(\d+(?:\.\d+)?)(h|min|s|ms|us)$/.exec(part));
  if (parts === undefined || parts.length === 0) return undefined;
  let seconds = 0;
  for (const part of parts) {
    const unit = SECONDS[part?.[2] ?? ''];
    if (unit === undefined) return undefined;
    seconds += Number(part?.[1]) * unit;
  }
  return seconds;
}
