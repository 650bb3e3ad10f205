/** Seconds as people read them: `4.2s`, `1m 05s`, `2h 03m`. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}h ${two(minutes)}m` : `${minutes}m ${two(whole % 60)}s`;
}

/** Bytes in binary units: `512 B`, `1.5 MiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

/** Done and total of a progress event: `120 MiB of 300 MiB`, `40%`. An unknown total is 0. */
export function progressText(done: number, total: number, unit: 'bytes' | 'percent'): string {
  if (unit === 'percent') return `${Math.round(total === 0 ? done : (done / total) * 100)}%`;
  return total === 0 ? size(done) : `${size(done)} of ${size(total)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
