import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { azLines, cloudConfig } from '../connect/az-lines.ts';
import { authorityOf, type Connection, lastConnection } from '../connect/connection.ts';
import { sdkLines } from '../connect/sdk-lines.ts';
import { data, say } from '../output.ts';
import { withStore } from '../with-store.ts';

export function addConnect(program: Command): void {
  const connect = program.command('connect').description('How clients of Azure are made to use the service here.');
  connect
    .command('az')
    .description('Lines for a shell, with which the Azure CLI uses the service.')
    .option('--write <directory>', 'write the files that the lines need, and the lines as `connect.sh`')
    .action(az);
  connect
    .command('sdk')
    .description('Lines for a shell, with a program that uses the service by the JavaScript SDK.')
    .action(sdk);
}

async function az(options: { readonly write?: string }): Promise<void> {
  const connection = await connectionNow();
  if (options.write === undefined) {
    data(azLines(connection));
  } else {
    data(await writeAz(connection, resolve(options.write)));
  }
  sayWhereSecretsAre(connection);
}

async function sdk(): Promise<void> {
  const connection = await connectionNow();
  data(sdkLines(connection));
  sayWhereSecretsAre(connection);
}

function connectionNow(): Promise<Connection> {
  return withStore((store, home, config) => lastConnection(home, config, store));
}

function sayWhereSecretsAre({ clientId }: Connection): void {
  const one = clientId ?? '<client id>';
  say({ tone: 'faint', text: `Secrets are shown once, when they are made. A new one: kiln principal secret ${one}` });
}

/** Returns the lines. */
async function writeAz(connection: Connection, directory: string): Promise<string> {
  const files = {
    cloud: join(directory, 'cloud.json'),
    authority: join(directory, 'ca.pem'),
    configDirectory: join(directory, 'azure'),
  };
  await mkdir(files.configDirectory, { recursive: true });
  await writeFile(files.cloud, `${JSON.stringify(cloudConfig(connection), undefined, 2)}\n`);
  const authority = await authorityOf(connection);
  if (authority !== undefined) await writeFile(files.authority, authority);
  const lines = azLines(connection, files);
  await writeFile(join(directory, 'connect.sh'), `${lines}\n`);
  return lines;
}
