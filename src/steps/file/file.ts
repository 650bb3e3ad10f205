/** A File customizer or validator. */
export interface FileStep {
  readonly type: 'File';
  readonly name: string;
  readonly sourceUri: string;
  readonly destination: string;
  readonly sha256Checksum: string;
}
