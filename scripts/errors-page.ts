import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';

interface Kind {
  readonly exit: number;
  readonly summary: string;
  readonly message: (params: unknown) => string;
  readonly todo: (params: unknown) => string;
}

/** `docs/errors.md` as the catalogues in `src/errors/` have it. Throws where two rooms use the same code. */
export async function errorsPage(): Promise<string> {
  const rooms: { room: string; kinds: [string, Kind][] }[] = [];
  for (const file of globSync('src/errors/*.ts').sort()) {
    if (file.endsWith('.test.ts')) continue;
    const module = (await import(resolve(file))) as Record<string, unknown>;
    const catalogues = Object.entries(module).filter(([name]) => name.endsWith('Errors'));
    const kinds = catalogues.flatMap(([, kinds]) => Object.entries(kinds as Record<string, Kind>));
    if (kinds.length > 0) rooms.push({ room: basename(file, '.ts'), kinds });
  }
  const codes = rooms.flatMap(({ kinds }) => kinds.map(([code]) => code));
  const twice = codes.filter((code, i) => codes.indexOf(code) !== i);
  if (codes.length === 0) throw new Error('no error catalogue was seen in src/errors/');
  if (twice.length > 0) throw new Error(`error codes declared more than once: ${twice.join(', ')}`);
  return `${HEAD}\n${rooms.map(({ room, kinds }) => section(room, kinds)).join('\n')}`;
}

const HEAD = `# Errors

<!-- Generated from src/errors/ by \`npm run docs -- --write\`. Do not edit. -->

Every failure that Kiln reports has a code. A message says what happened and where: the path in the template, the step, the last
lines of output, the log. What depends on the case is shown here as \`<name>\`.

| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | the build failed |
| 2 | the input is invalid |
| 3 | this machine is not fit for it; \`kiln doctor\` says why |
| 4 | a validator failed |
| 5 | the time was over |
| 130 | canceled |
`;

function section(room: string, kinds: readonly [string, Kind][]): string {
  return `## ${room[0]?.toUpperCase()}${room.slice(1)}\n\n${kinds.map(([code, kind]) => entry(code, kind)).join('\n')}`;
}

function entry(code: string, kind: Kind): string {
  const message = shown(kind.message);
  const todo = shown(kind.todo);
  return [
    `### ${code}\n`,
    `${kind.summary} Exit code ${kind.exit}.\n`,
    ...(message === undefined ? [] : [`> ${message.replaceAll('\n', '\n> ')}\n`]),
    ...(todo === undefined ? [] : [`${todo}\n`]),
  ].join('\n');
}

/** A text with `<name>` for each parameter; `undefined` where the text is computed from them in another way. */
function shown(text: (params: unknown) => string): string | undefined {
  try {
    const made = text(new Proxy({}, { get: (_, name) => `<${String(name)}>` }));
    // A text that is nothing but a parameter says nothing here.
    return /^\s*(<\w+>)?\s*$|NaN|undefined|\[object/.test(made) ? undefined : outsideCode(made);
  } catch {
    return undefined;
  }
}

/** Angle brackets outside of code would be read as HTML. */
function outsideCode(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/<([^<>]*)>/g, '*`<$1>`*')))
    .join('');
}
