import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of an image template, and of what it asks of this machine. */
export const templateErrors = kinds({
  TemplateUnreadable: {
    exit: 2,
    summary: 'The template file could not be read.',
    message: p => `The template ${p.file} could not be read: ${p.reason}.`,
    todo: () => 'Check the path. A template is a JSON file in UTF-8 or UTF-16.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  TemplateInvalid: {
    exit: 2,
    summary:
      'The template breaks the rules of its API version, or uses a property that Kiln cannot do. `details` lists every problem with its JSON path and line.',
    message: p => (p.more === 0 ? p.first : `${p.first} (${p.more} more in \`details\`.)`),
    todo: p =>
      `Correct the places listed; \`kiln validate ${p.file}\` checks again. \`docs/template.md\` has every property.`,
  } satisfies ErrorKind<{ first: string; more: number; file: string }>,
  UnknownVmSize: {
    exit: 2,
    summary: 'The template names a VM size that Kiln does not know.',
    message: p => `\`${p.size}\` is not a VM size that Kiln knows.${p.meant === '' ? '' : ` Did you mean ${p.meant}?`}`,
    todo: () => 'Name a size of the A, B, D, DS, E, F or M families, or leave `vmSize` out for the default.',
  } satisfies ErrorKind<{ size: string; meant: string }>,
  UnsupportedVmSize: {
    exit: 2,
    summary: 'The template names a VM size that promises hardware which a build machine of Kiln does not have.',
    message: p => `The VM size \`${p.size}\` promises ${p.hardware}, which a build machine of Kiln does not have.`,
    todo: () => 'Name a general-purpose size such as `Standard_D2ds_v4`, or leave `vmSize` out for the default.',
  } satisfies ErrorKind<{ size: string; hardware: string }>,
  OsDiskTooSmall: {
    exit: 2,
    summary: '`osDiskSizeGB` is smaller than the source image. A disk can only grow.',
    message: p => `\`osDiskSizeGB\` is ${p.wanted}, but the disk of the source ${p.source} has ${p.actual}.`,
    todo: p => `Set \`osDiskSizeGB\` to ${p.least} or more, or to 0 for the size of the source.`,
  } satisfies ErrorKind<{ wanted: string; actual: string; source: string; least: number }>,
});

export const templateError = thrower(templateErrors);
