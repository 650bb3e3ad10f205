export interface WindowsUpdateStep {
  readonly type: 'WindowsUpdate';
  /** Empty when the template gives none. */
  readonly name: string;
  /** In the language of the Windows Update Agent. */
  readonly searchCriteria: string;
  /** `include:EXPRESSION` and `exclude:EXPRESSION`, each of PowerShell; the first that matches an update decides. */
  readonly filters: readonly string[];
  /** Most updates of one run. */
  readonly updateLimit: number;
}
