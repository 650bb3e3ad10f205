import { stripVTControlCharacters } from 'node:util';

/**
 * Escape sequences that run to a terminator (OSC, DCS, SOS, PM, APC), whole or cut off, by another sequence or by the end of the line:
 * with every end allowed no text is looked at twice.
 */
const STRINGS = /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|(?=\x1b)|$)/g;
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** Marks that change the reading direction can make a line look like another one. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line of text from a guest, a template or a server, in a form that is safe to write to a terminal: no escape
 * sequences, no control characters. After a carriage return only what a terminal would still show is kept.
 */
export function printable(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\r' || line[end - 1] === '\n')) end -= 1;
  const shown = line.slice(0, end);
  return stripVTControlCharacters(shown.slice(shown.lastIndexOf('\r') + 1).replace(STRINGS, ''))
    .replaceAll('\t', '    ')
    .replaceAll('\n', ' ')
    .replace(CONTROLS, '')
    .replace(DIRECTIONS, '');
}

/** A text of several lines, each made printable. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}

/** JSON on one line. JSON itself escapes the C0 controls only; DEL and C1 can steer a terminal as well. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\x9f]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
