import { type ErrorDetail, KilnError } from './kiln-error.ts';

/**
 * Things that are tried although some of them fail, so that the reader learns of all failures at once. They are told in
 * the order of the tries, whichever ends first.
 */
export class Attempts {
  readonly #tries: (KilnError | undefined)[] = [];

  /**
   * @param target where the failure is, for errors that do not say so
   * @returns the work's result; `undefined` when it failed. Anything but a `KilnError` is thrown on at once.
   */
  async try<T>(work: () => T | Promise<T>, target?: string): Promise<T | undefined> {
    const place = this.#tries.push(undefined) - 1;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KilnError)) throw error;
      this.#tries[place] = error.target === undefined && target !== undefined ? error.with({ target }) : error;
      return undefined;
    }
  }

  /** What failed so far, each with its JSON path. */
  get details(): readonly ErrorDetail[] {
    return this.#failures.flatMap(detailsOf);
  }

  get #failures(): readonly KilnError[] {
    return this.#tries.filter(failure => failure !== undefined);
  }

  /** @throws KilnError the first failure; with several, `details` lists them all, each with its JSON path. */
  end(): void {
    throwAll(this.#failures);
  }
}

/** @throws KilnError the first failure, if there is one; with several, `details` lists them all, each with its JSON path. */
export function throwAll(failures: readonly KilnError[]): void {
  const [first, second] = failures;
  if (first === undefined) return;
  if (second === undefined) throw first;
  throw first.with({ details: failures.flatMap(detailsOf) });
}

function detailsOf({ code, message, target, details }: KilnError): readonly ErrorDetail[] {
  return details.length > 0 ? details : [{ code, message, ...(target === undefined ? {} : { target }) }];
}
