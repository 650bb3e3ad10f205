import { type ErrorDetail, KilnError } from '../errors/kiln-error.ts';
import { scrubLines } from '../events/cut-lines.ts';
import type { Scrub } from '../events/scrub.ts';
import type { JsonDocument, Segment } from '../template/json-document.ts';

/** Adds lines and columns to problems that have a JSON path below the image template. */
export type PlaceInFile = (details: readonly ErrorDetail[]) => readonly ErrorDetail[];

/** @param prefix from the top of the file to the image template */
export function placeInFile(document: JsonDocument, prefix: readonly Segment[]): PlaceInFile {
  return details =>
    details.map(detail => {
      if (detail.target === undefined || detail.line !== undefined) return detail;
      return { ...detail, ...document.locate([...prefix, ...segmentsOf(detail.target)]) };
    });
}

/** The error with the place of each of its problems; one without a JSON path is left as it is. */
export function placed(error: KilnError, place: PlaceInFile): KilnError {
  const { code, message, target, details } = error;
  if (details.length > 0) return error.with({ details: place(details) });
  return target === undefined ? error : error.with({ details: place([{ code, message, target }]) });
}

/** The error without a secret in what it says: it is kept with the run. */
export function withoutSecrets(error: KilnError, scrub: Scrub): KilnError {
  const { code, exit, message, todo, target, details, output, log, cause } = error;
  return new KilnError(code, exit, scrub(message), scrub(todo), {
    cause,
    ...(target === undefined ? {} : { target: scrub(target) }),
    details: details.map(one => ({ ...one, message: scrub(one.message) })),
    output: scrubLines(scrub, output),
    ...(log === undefined ? {} : { log }),
  });
}

/** `properties.customize[1].scriptUri` as segments; names that are not plain words stand in brackets and quotes. */
function segmentsOf(path: string): Segment[] {
  const parts = [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)];
  return parts.map(([, index, quoted, name = '']) => (index === undefined ? (quoted ?? name) : Number(index)));
}
