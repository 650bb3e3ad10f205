/** A PowerShell customizer or validator: exactly one of `inline` and `scriptUri` is set. */
export interface PowerShellStep {
  readonly type: 'PowerShell';
  /** Empty when the template gives none. */
  readonly name: string;
  readonly inline?: readonly string[];
  readonly scriptUri?: string;
  /** Lower-case hexadecimal; empty when not stated. Belongs to `scriptUri`. */
  readonly sha256Checksum: string;
  readonly runElevated: boolean;
  /** As the system account; only together with `runElevated`. */
  readonly runAsSystem: boolean;
  /** Exit codes that count as success; never empty. */
  readonly validExitCodes: readonly number[];
}
