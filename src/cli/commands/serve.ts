import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { SETTINGS, serviceConfig } from '../../config/service-config.ts';
import { serviceDirectory } from '../../home/service-directory.ts';
import { type Service, startService } from '../../server/service.ts';
import { azLines } from '../connect/az-lines.ts';
import type { Connection } from '../connect/connection.ts';
import { sdkLines } from '../connect/sdk-lines.ts';
import { interruptSignal } from '../interrupt.ts';
import { data, jsonData, say } from '../output.ts';
import { withStore } from '../with-store.ts';

interface ServeOptions {
  readonly output: 'text' | 'json';
  readonly [option: string]: unknown;
}

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .description(
      'Serves the REST API of Azure VM Image Builder over HTTPS, until it is stopped with Ctrl-C or SIGTERM. The first start makes a certificate and an administrator, and prints how clients log in.',
    )
    .addOption(
      new Option('--output <form>', 'what to print on stdout when it listens')
        .choices(['text', 'json'])
        .default('text'),
    );
  const paths = new Map<string, string>();
  for (const { flag, summary, path } of SETTINGS) {
    const option = new Option(flag, summary);
    paths.set(option.attributeName(), path);
    serve.addOption(option);
  }
  serve.action((options: ServeOptions) => {
    const flags = [...paths].flatMap(([name, path]) => {
      const value = options[name];
      return typeof value === 'string' ? [[path, value] as const] : [];
    });
    return run(options.output, new Map(flags));
  });
}

async function run(output: 'text' | 'json', flags: ReadonlyMap<string, string>): Promise<void> {
  const signal = interruptSignal();
  await withStore(async (store, home, site) => {
    const config = serviceConfig({
      file: site.service,
      fileName: home.config,
      siteLocation: site.location,
      environment: process.env,
      flags,
    });
    const service = await startService({ home, site, store }, config, process.stderr);
    try {
      const { firstAdministrator: first } = service;
      const connection: Connection = {
        url: service.url,
        tenantId: service.tenantId,
        authority: config.tls.own === undefined ? serviceDirectory(home.service).authority : undefined,
        subscription: site.subscription,
        clientId: first?.principal.appId,
        secret: first?.secret,
      };
      if (output === 'json') jsonData(ready(service, connection));
      else if (first !== undefined) data(welcome(connection));
      say({ tone: 'good', text: `Listening on ${service.url}` });
      if (output === 'text' && first === undefined) {
        say({ tone: 'faint', text: '`kiln connect az` prints how to log in.' });
      }
      if (!signal.aborted) await once(signal, 'abort');
    } finally {
      await service.close();
    }
  });
}

function ready({ url, port, tenantId, firstAdministrator: first }: Service, { authority }: Connection): object {
  return {
    ...{ url, port, pid: process.pid, tenantId },
    authority: authority ?? null,
    ...(first === undefined
      ? {}
      : {
          administrator: { clientId: first.principal.appId, secret: first.secret, objectId: first.principal.objectId },
        }),
  };
}

function welcome(connection: Connection): string {
  return [
    'This home has a service now, and an administrator. The secret is not shown again.',
    '',
    `  client id  ${connection.clientId}`,
    `  secret     ${connection.secret}`,
    `  tenant     ${connection.tenantId}`,
    '',
    'The Azure CLI uses it after these lines (`kiln connect az` prints them again, without the secret):',
    '',
    azLines(connection),
    '',
    'The JavaScript SDK after these (`kiln connect sdk`):',
    '',
    sdkLines(connection),
    '',
  ].join('\n');
}
