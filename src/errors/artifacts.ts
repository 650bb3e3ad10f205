import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of fetching scripts, files and source disks. URLs in the parameters are already fit to be shown. */
export const artifactErrors = kinds({
  ChecksumMismatch: {
    exit: 1,
    summary: 'A file that was fetched is not the one that its checksum stands for.',
    message: p => `${p.uri} has the ${p.algorithm} checksum ${p.actual}, but ${p.expected} was expected.`,
    todo: () =>
      'Find out why the file changed. If the new content is the right one, put its checksum where the old one is stated.',
  } satisfies ErrorKind<{ uri: string; algorithm: string; expected: string; actual: string }>,
  ChecksumNotListed: {
    exit: 1,
    summary: 'A published checksum file has no usable entry for the file that was asked for.',
    message: p => `The checksum file ${p.uri} has no usable entry for \`${p.name}\`: ${p.reason}`,
    todo: () => 'Open the checksum file: the file may have been renamed, or the address of one of the two is wrong.',
  } satisfies ErrorKind<{ uri: string; name: string; reason: string }>,
  SignatureInvalid: {
    exit: 1,
    summary: 'A published checksum file is not signed by a key of the keyring.',
    message: p => `The signature of ${p.uri} could not be verified: ${p.reason}`,
    todo: p => `Check that ${p.keyring} holds the key that the publisher signs with today. Do not go on without it.`,
  } satisfies ErrorKind<{ uri: string; keyring: string; reason: string }>,
  DownloadFailed: {
    exit: 1,
    summary: 'A server could not be reached, or answered with an error, as often as Kiln tried.',
    message: p => `${p.uri} could not be downloaded (${p.reason}; attempts: ${p.attempts}).`,
    todo: p => p.hint,
  } satisfies ErrorKind<{ uri: string; reason: string; attempts: number; hint: string }>,
  TruncatedBody: {
    exit: 1,
    summary: 'A server sent less than it announced, as often as Kiln tried.',
    message: p => `${p.uri} ended after ${p.received} of ${p.expected} bytes (${p.reason}; attempts: ${p.attempts}).`,
    todo: () => 'Run the same command again: the download continues where it stopped if the server allows it.',
  } satisfies ErrorKind<{ uri: string; received: number; expected: number; reason: string; attempts: number }>,
  ArtifactNotFound: {
    exit: 1,
    summary: 'A script, file or disk does not exist where the template, the catalogue or a mirror says that it is.',
    message: p => `${p.uri} does not exist (${p.reason}).`,
    todo: () => 'Check the spelling. If a mirror is named above, put the file there.',
  } satisfies ErrorKind<{ uri: string; reason: string }>,
  ArtifactTooLarge: {
    exit: 1,
    summary: 'A script or file is larger than the site allows.',
    message: p => `${p.uri} is larger than the limit of ${p.limitBytes} bytes.`,
    todo: p => p.hint,
  } satisfies ErrorKind<{ uri: string; limitBytes: number; hint: string }>,
  AddressDenied: {
    exit: 1,
    summary: 'A download leads to an address that is not on the public Internet, and the site does not allow it.',
    message: p => `${p.uri} leads to ${p.address} (${p.range}), which downloads may not reach.`,
    todo: p =>
      `If this server belongs to your site, add "${p.address}" or its range to \`network.allow\` in ${p.config}, or set KILN_NETWORK_ALLOW.`,
  } satisfies ErrorKind<{ uri: string; address: string; range: string; config: string }>,
  FileUriDenied: {
    exit: 2,
    summary: 'A template names a file on this machine that it may not read.',
    message: p => `${p.uri} may not be read: ${p.reason}.`,
    todo: () =>
      'On the command line, files can be used that lie below the folder of the template or a folder named with `--allow-dir`.',
  } satisfies ErrorKind<{ uri: string; reason: string }>,
  MirrorPathDenied: {
    exit: 2,
    summary: 'A URL would lead out of the folder that the site mirrors it to.',
    message: p => `${p.uri} leads out of the mirror ${p.mirror}.`,
    todo: () => 'Write the URL without `..` and without encoded separators.',
  } satisfies ErrorKind<{ uri: string; mirror: string }>,
  UnsupportedScheme: {
    exit: 2,
    summary: 'A URI has a scheme that Kiln cannot fetch.',
    message: p => `${p.uri} cannot be fetched: \`${p.scheme}\` is not supported.`,
    todo: () => 'Use an http or https URL, or map the prefix to a folder or URL with `mirrors` in the configuration.',
  } satisfies ErrorKind<{ uri: string; scheme: string }>,
  RedirectDenied: {
    exit: 1,
    summary: 'A server redirects too often, to nowhere, or from https to http.',
    message: p => `${p.uri} cannot be followed: ${p.reason}.`,
    todo: () => 'Use the address that the redirects were meant to lead to, if you trust it.',
  } satisfies ErrorKind<{ uri: string; reason: string }>,
  DownloadDiskFull: {
    exit: 3,
    summary: 'The disk that downloads are written to has no space left.',
    message: p => `There is no space left in ${p.directory} for ${p.uri} (${p.space}).`,
    todo: () => 'Free some space (`kiln runs clean`, `kiln source rm`), or set KILN_HOME to a larger disk.',
  } satisfies ErrorKind<{ directory: string; uri: string; space: string }>,
});

export const artifactError = thrower(artifactErrors);
