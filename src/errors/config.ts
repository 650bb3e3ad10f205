import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of the site's configuration file. */
export const configErrors = kinds({
  ConfigUnreadable: {
    exit: 2,
    summary: 'The site configuration could not be read.',
    message: p => `The configuration ${p.file} could not be read: ${p.reason}`,
    todo: () => 'Mend the file, or move it away to run with the defaults.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  ConfigInvalid: {
    exit: 2,
    summary: 'The site configuration has a key or value that Kiln does not know.',
    message: p => `The configuration ${p.file} is not valid at \`${p.path}\`: ${p.reason}`,
    todo: () => '`docs/internals.md` lists every key with its default.',
  } satisfies ErrorKind<{ file: string; path: string; reason: string }>,
});

export const configError = thrower(configErrors);
