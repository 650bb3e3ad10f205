import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of `kiln serve` itself, and of requests before they reach a resource. */
export const serviceErrors = kinds({
  ServiceSettingInvalid: {
    exit: 2,
    summary: 'A setting of the service, from `config.yaml`, the environment or the command line, has no valid value.',
    message: p => `${p.where} is not valid: ${p.reason}`,
    todo: () => '`docs/service.md` lists every setting with its values.',
  } satisfies ErrorKind<{ where: string; reason: string }>,
  ServiceAlreadyRunning: {
    exit: 3,
    summary: 'Another service works on the same KILN_HOME, or on the same database.',
    message: p => `${p.holder} already serves ${p.home}${p.url === undefined ? '' : ` at ${p.url}`}.`,
    todo: () => 'Use that one, end it, or choose another KILN_HOME and another database.',
  } satisfies ErrorKind<{ home: string; holder: string; url?: string }>,
  ServiceCannotListen: {
    exit: 3,
    summary: 'The address of the service is in use, or not one of this machine.',
    message: p => `The service cannot listen on ${p.host}:${p.port}: ${p.reason}`,
    todo: () => 'Choose another with `--host` and `--port`, or end what uses it.',
  } satisfies ErrorKind<{ host: string; port: number; reason: string }>,
  ServiceNeverStarted: {
    exit: 2,
    summary: 'The home has no service yet, so there is nothing to connect to.',
    message: p => `No service has been started on ${p.home} yet.`,
    todo: () => 'Start it with `kiln serve`.',
  } satisfies ErrorKind<{ home: string }>,
  CertificateUnusable: {
    exit: 2,
    summary: 'The certificate or key of the service could not be used.',
    message: p => `The certificate ${p.file} cannot be used: ${p.reason}`,
    todo: () =>
      '`service.tls.cert` is a PEM file with the certificate and those between it and its authority, `service.tls.key` its unencrypted key.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  InvalidRequest: {
    exit: 2,
    status: 400,
    summary: 'A request to the service is not HTTP as it should be.',
    message: p => `The request is invalid: ${p.reason}`,
    todo: () => 'Mend the client.',
  } satisfies ErrorKind<{ reason: string }>,
  InternalServerError: {
    exit: 1,
    status: 500,
    summary: 'A request met a defect of the service. The log has the details.',
    message: p => `The server encountered an internal error. Please retry the request. Correlation id: '${p.id}'.`,
    todo: () => 'Look for the correlation id in the log of the service.',
  } satisfies ErrorKind<{ id: string }>,
});

export const serviceError = thrower(serviceErrors);
