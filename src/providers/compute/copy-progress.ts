/** How far the copies of versions are that this process makes, for `$expand=ReplicationStatus`. */
export class CopyProgress {
  readonly #percent = new Map<string, Map<string, number>>();

  /** Notes the progress of one version, by its key. */
  of(key: string): (region: string, done: number, total: number) => void {
    const regions = new Map<string, number>();
    this.#percent.set(key, regions);
    return (region, done, total) => regions.set(region, total === 0 ? 100 : Math.floor((done / total) * 100));
  }

  forget(key: string): void {
    this.#percent.delete(key);
  }

  /** In per cent; 0 for a copy that has not begun. */
  percent(key: string, region: string): number {
    return this.#percent.get(key)?.get(region) ?? 0;
  }
}
