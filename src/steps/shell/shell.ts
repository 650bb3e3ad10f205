/** A Shell customizer or validator: exactly one of `inline` and `scriptUri` is set. */
export interface ShellStep {
  readonly type: 'Shell';
  /** Empty when the template gives none. */
  readonly name: string;
  readonly inline?: readonly string[];
  readonly scriptUri?: string;
  /** Lower-case hexadecimal; empty when not stated. Belongs to `scriptUri`. */
  readonly sha256Checksum: string;
}
