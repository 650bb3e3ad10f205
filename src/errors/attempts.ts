import { type ErrorDetail, KilnError } from './kiln-error.ts';

/** Things that are tried one after the other although some of them fail, so that the reader learns of all failures at once. */
export class Attempts {
  readonly #failures: KilnError[] = [];

  /**
   * @param target where the failure is, for errors that do not say so
   * @returns the work's result; `undefined` when it failed. Anything but a `KilnError` is thrown on at once.
   */
  async try<T>(work: () => T | Promise<T>, target?: string): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KilnError)) throw error;
      this.#failures.push(error.target === undefined && target !== undefined ? error.with({ target }) : error);
      return undefined;
    }
  }

  /** What failed so far, each with its JSON path. */
  get details(): readonly ErrorDetail[] {
    return this.#failures.flatMap(detailsOf);
  }

  /** @throws KilnError the first failure; with several, `details` lists them all, each with its JSON path. */
  end(): void {
    const [first] = this.#failures;
    if (first === undefined) return;
    if (this.#failures.length === 1) throw first;
    throw first.with({ details: this.details });
  }
}

function detailsOf({ code, message, target, details }: KilnError): readonly ErrorDetail[] {
  return details.length > 0 ? details : [{ code, message, ...(target === undefined ? {} : { target }) }];
}
