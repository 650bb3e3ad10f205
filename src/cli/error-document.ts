import type { Command } from 'commander';
import type { KilnError } from '../errors/kiln-error.ts';
import { hasPrinted, json, jsonData } from './output.ts';

/** The document of a command that failed, in the form of its other documents. */
export type ErrorDocument = (error: KilnError) => object;

/** What a command may read of its own options while they are being parsed. */
interface OutputOptions {
  readonly output?: string;
  readonly events?: boolean;
}

/** The command that was asked for a document; `undefined` where errors are text. */
let asked: { readonly command: Command; readonly document: ErrorDocument } | undefined;

/**
 * From `--output json` on, what ends this command is a document on stdout: also wrong usage, which is found before the
 * command's work begins.
 */
export function errorsAsDocument(command: Command, document: ErrorDocument = error => ({ error })): void {
  command.on('option:output', () => {
    asked = command.opts<OutputOptions>().output === 'json' ? { command, document } : undefined;
  });
}

/** Prints the error as the command's document, when it is to have one and has printed none yet. */
export function printErrorDocument(error: KilnError): void {
  if (asked === undefined || hasPrinted()) return;
  const document = asked.document(error);
  if (asked.command.opts<OutputOptions>().events) jsonData(document);
  else json(document);
}
