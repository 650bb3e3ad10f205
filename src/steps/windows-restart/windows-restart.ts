export interface WindowsRestartStep {
  readonly type: 'WindowsRestart';
  /** Empty when the template gives none. */
  readonly name: string;
  readonly restartCommand: string;
  /** Empty for the service's own check. */
  readonly restartCheckCommand: string;
  /** A number and a unit, `5m` or `2h`. */
  readonly restartTimeout: string;
}
