import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of commands that work against a server. What the server itself refuses has the server's own codes. */
export const remoteErrors = kinds({
  ServerUrlInvalid: {
    exit: 2,
    summary: 'The address of the server, of `--server` or `KILN_SERVER`, is not one.',
    message: p => `\`${p.url}\` is not the address of a server.`,
    todo: () => 'It begins with https://, followed by a name and perhaps a port.',
  } satisfies ErrorKind<{ url: string }>,
  ServerUnreachable: {
    exit: 1,
    summary: 'The server could not be reached, or its certificate is not trusted.',
    message: p => `${p.url} could not be reached: ${p.reason}.`,
    todo: () =>
      'Check the address, and that the server runs. A certificate that Kiln made is trusted with `KILN_CA_FILE`, the file `service/ca.pem` of the server.',
  } satisfies ErrorKind<{ url: string; reason: string }>,
  ServerCredentialsMissing: {
    exit: 2,
    summary: 'A command is to work against a server, and nothing says as whom.',
    message: p => `${p.missing} is not set, so there is nobody to log in as.`,
    todo: () =>
      'Set KILN_CLIENT_ID and KILN_CLIENT_SECRET. The server shows them at its first start; `kiln principal create` makes others.',
  } satisfies ErrorKind<{ missing: string }>,
  ServerLoginFailed: {
    exit: 2,
    summary: 'The server gave no token for the client id and the secret.',
    message: p => `The server refused the login: ${p.reason}`,
    todo: () => 'Check KILN_CLIENT_ID and KILN_CLIENT_SECRET. `kiln principal secret` makes a new secret.',
  } satisfies ErrorKind<{ reason: string }>,
  ServerAnswerUnreadable: {
    exit: 1,
    summary: 'The server answered something that this version of Kiln does not understand.',
    message: p => `${p.url} answered with status ${p.status} and ${p.what}.`,
    todo: () => 'Check that the address is that of `kiln serve`, and that both are of the same version.',
  } satisfies ErrorKind<{ url: string; status: number; what: string }>,
  ServerFileUnreadable: {
    exit: 2,
    summary: 'The file of the authority to trust could not be read.',
    message: p => `${p.file}, of KILN_CA_FILE, could not be read: ${p.reason}.`,
    todo: () => 'It is a PEM file: `service/ca.pem` below the KILN_HOME of the server.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  DeploymentForServer: {
    exit: 2,
    summary: 'A deployment template was given where a server takes an image template.',
    message: p => `${p.file} is a deployment template.`,
    todo: () => 'Send it with `az deployment group create`; `kiln connect az` says how `az` uses the server.',
  } satisfies ErrorKind<{ file: string }>,
});

export const remoteError = thrower(remoteErrors);
