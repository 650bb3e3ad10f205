/**
 * The source of a regular expression, changed so that it needs no flag `i`: a JSON Schema's patterns have no flags.
 * Understands what the patterns of this repository use: no back references, no names for groups.
 */
export function patternOf({ source, flags }: RegExp): string {
  // A slash is escaped in a regular expression only because it would end the literal.
  const plain = source.replaceAll('\\/', '/');
  if (!flags.includes('i')) return plain;
  return plain.replace(/\\.|\[(?:\\.|[^\]\\])*\]|[A-Za-z]/g, part => {
    if (part.startsWith('\\')) return part;
    return part.startsWith('[') ? anyCaseClass(part) : `[${part.toUpperCase()}${part.toLowerCase()}]`;
  });
}

/** The same, for a text that may be empty as well. */
export function patternOrEmpty(form: RegExp): string {
  const pattern = patternOf(form);
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) throw new Error(`not the form of a whole text: ${pattern}`);
  return `^(?:${pattern.slice(1, -1)})?$`;
}

/** `[a-f\w]` is `[a-f\wA-F]`. */
function anyCaseClass(characters: string): string {
  const others = [...characters.slice(1, -1).matchAll(/\\.|[A-Za-z]-[A-Za-z]|[A-Za-z]/g)]
    .map(([one]) => (one.startsWith('\\') ? '' : swapCase(one)))
    .filter(one => one !== '' && !characters.includes(one));
  return `${characters.slice(0, -1)}${others.join('')}]`;
}

function swapCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}
