import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of an image template, and of what it asks of this machine. */
export const templateErrors = kinds({
  TemplateUnreadable: {
    exit: 2,
    summary: 'The template file could not be read.',
    message: p => `The template ${p.file} could not be read: ${p.reason}.`,
    todo: () => 'Check the path. A template is a JSON file in UTF-8 or UTF-16.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  ValidationFailed: {
    exit: 2,
    summary:
      'The template breaks the rules of its API version. `details` lists every problem with its JSON path and line.',
    message: p => (p.more === 0 ? p.first : `${p.first} (${p.more} more in \`details\`.)`),
    todo: p =>
      `Correct the places listed; \`kiln validate ${p.file}\` checks again. \`docs/template.md\` has every property.`,
  } satisfies ErrorKind<{ first: string; more: number; file: string }>,
  TemplateExists: {
    exit: 2,
    summary: '`kiln init` would overwrite a file.',
    message: p => `The file ${p.file} exists already, and was left as it is.`,
    todo: () => 'Name another file, or `-` to see the template on the screen.',
  } satisfies ErrorKind<{ file: string }>,
  TemplateNotWritten: {
    exit: 2,
    summary: '`kiln init` could not write its file.',
    message: p => `The file ${p.file} could not be written: ${p.reason}.`,
    todo: () => 'Check the folder and its permissions, or name `-` to see the template on the screen.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
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
  DiskTooLargeForVhd: {
    exit: 2,
    summary: 'The disk of the image is larger than a VHD can be.',
    message: p => `The disk of the image has ${p.size}, and a VHD holds ${p.most} at most.`,
    todo: () => 'Choose a smaller `osDiskSizeGB`, or distribute to a managed image or a gallery.',
  } satisfies ErrorKind<{ size: string; most: string }>,
  DataDiskLunTaken: {
    exit: 2,
    summary: 'One of `additionalDataDisks` would have the LUN of a data disk that the source image brings.',
    message: p =>
      `The data disk at LUN ${p.lun} is one of the source ${p.source}: the template cannot add another there.`,
    todo: () =>
      'Leave it out: the disks of the source are in the image by themselves. A disk of `additionalDataDisks` has the LUN of its place in the list.',
  } satisfies ErrorKind<{ lun: number; source: string }>,
  UnsupportedCustomizerType: {
    exit: 2,
    summary: 'A customizer does not fit the operating system of the source.',
    message: p => `A \`${p.type}\` customizer runs on ${p.fits}, and the source ${p.source} is ${p.os}.`,
    todo: p => `Use a type that runs on ${p.os}, or another source.`,
  } satisfies ErrorKind<Misfit>,
  UnsupportedValidatorType: {
    exit: 2,
    summary: 'A validator does not fit the operating system of the source.',
    message: p => `A \`${p.type}\` validator runs on ${p.fits}, and the source ${p.source} is ${p.os}.`,
    todo: p => `Use a type that runs on ${p.os}, or another source.`,
  } satisfies ErrorKind<Misfit>,
  DestinationMisfit: {
    exit: 2,
    summary: 'A `File` step on a Linux source has a destination that only Windows has, with a drive.',
    message: p => `The destination \`${p.destination}\` is a path of Windows, and the source ${p.source} is Linux.`,
    todo: () => 'Write an absolute path of Linux, e.g. `/tmp/site.conf`.',
  } satisfies ErrorKind<{ destination: string; source: string }>,
  WindowsSourceUnavailable: {
    exit: 2,
    summary: 'The source is a Windows image. This version of Kiln cannot run anything on one.',
    message: p => `The source ${p.source} is a Windows image, and this version of Kiln builds Linux images only.`,
    todo: () => 'Build from a Linux source. `kiln validate --offline` checks templates for Windows all the same.',
  } satisfies ErrorKind<{ source: string }>,
  FeatureUnavailable: {
    exit: 2,
    summary:
      'The template is valid, and asks for something that this version of Kiln cannot give to a build. `details` lists every such property with its JSON path.',
    message: p => `\`${p.property}\` ${p.reason}.`,
    todo: () => 'Leave it out, or build this template where it can be had.',
  } satisfies ErrorKind<{ property: string; reason: string }>,
});

/** A step of a type that is for another operating system. */
interface Misfit {
  readonly type: string;
  readonly fits: string;
  readonly source: string;
  readonly os: string;
}

export const templateError = thrower(templateErrors);
