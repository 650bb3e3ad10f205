import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCertificate } from '../../identity/client-certificate.ts';
import { addSecret, type ClientSecret, listSecrets } from '../../identity/client-secret.ts';
import {
  createPrincipal,
  findPrincipal,
  listPrincipals,
  type Principal,
  setDisabled,
} from '../../identity/principals.ts';
import { data, json, say } from '../output.ts';
import { withStore } from '../with-store.ts';

interface Output {
  readonly output: 'text' | 'json';
}

interface SecretOptions extends Output {
  readonly expiresAfter?: number;
}

const DAY_MS = 24 * 3_600_000;
const output = () => new Option('--output <form>', 'what to print').choices(['text', 'json']).default('text');
const expires = () =>
  new Option('--expires-after <days>', 'after so many days the secret is no longer taken; never when absent').argParser(
    days,
  );

export function addPrincipal(program: Command): void {
  const principal = program.command('principal').description('Who may call the service.');
  principal
    .command('create')
    .description('Makes a service principal and its first secret, which is shown once.')
    .argument('<name>', 'display name')
    .addOption(expires())
    .addOption(output())
    .action(create);
  principal
    .command('list')
    .description('All principals and what is known of their secrets.')
    .addOption(output())
    .action(list);
  principal
    .command('secret')
    .description('Makes a further secret for a service principal and shows it once.')
    .argument('<principal>', 'client id, object id or display name')
    .option('--revoke-others', 'the secrets that it has are no longer taken')
    .addOption(expires())
    .addOption(output())
    .action(secret);
  principal
    .command('certificate')
    .description(
      'Lets a service principal log in with the key of a certificate, as `az login -p` does with a PEM file.',
    )
    .argument('<principal>', 'client id, object id or display name')
    .argument('<file>', 'the certificate, PEM; a key that is in the file too is not kept')
    .action(certificate);
  principal
    .command('disable')
    .description('Takes no token of a principal and gives it none, from within seconds.')
    .argument('<principal>', 'client id, object id or display name')
    .action(name => able(name, false));
  principal
    .command('enable')
    .description('Undoes `disable`.')
    .argument('<principal>', 'client id, object id or display name')
    .action(name => able(name, true));
}

async function create(name: string, options: SecretOptions): Promise<void> {
  await withStore(async store => {
    const principal = await createPrincipal(store, { kind: 'ServicePrincipal', displayName: name });
    const { secret } = await addSecret(store, principal, expiry(options));
    show(principal, secret, options);
  });
}

async function secret(name: string, options: SecretOptions & { readonly revokeOthers?: boolean }): Promise<void> {
  await withStore(async store => {
    const principal = await findPrincipal(store, name);
    const revokeOthers = options.revokeOthers ?? false;
    const made = await addSecret(store, principal, { ...expiry(options), revokeOthers });
    show(principal, made.secret, options);
  });
}

async function certificate(name: string, file: string): Promise<void> {
  await withStore(async store => {
    const principal = await findPrincipal(store, name);
    const { fingerprint256, validTo } = await addCertificate(store, principal, file);
    say({ tone: 'plain', text: `${principal.displayName} can log in with ${fingerprint256} until ${validTo}.` });
  });
}

async function list(options: Output): Promise<void> {
  await withStore(async store => {
    const secrets = await listSecrets(store);
    const all = (await listPrincipals(store)).map(one => ({ ...one, secrets: secrets.get(one.objectId) ?? [] }));
    if (options.output === 'json') json(all);
    else if (all.length === 0) data('There are no principals yet. `kiln serve` makes the first.');
    else data(all.map(describe).join('\n'));
  });
}

async function able(name: string, enabled: boolean): Promise<void> {
  await withStore(async store => {
    const { objectId, displayName, appId } = await findPrincipal(store, name);
    await setDisabled(store, objectId, !enabled);
    say({ tone: 'plain', text: `${enabled ? 'Enabled' : 'Disabled'} ${displayName} (${appId}).` });
  });
}

function show(principal: Principal, made: string, options: Output): void {
  const { displayName, appId, objectId, tenantId } = principal;
  if (options.output === 'json') {
    json({ displayName, clientId: appId, secret: made, objectId, tenantId });
    return;
  }
  data(
    [
      `${displayName}. The secret is not shown again.`,
      `  client id  ${appId}`,
      `  secret     ${made}`,
      `  tenant     ${tenantId}`,
    ].join('\n'),
  );
}

function describe(principal: Principal & { readonly secrets: readonly ClientSecret[] }): string {
  const { displayName, appId, kind, disabled, secrets } = principal;
  return [
    `${displayName}  ${kind}${disabled ? '  disabled' : ''}`,
    `  client id  ${appId}`,
    ...secrets.map(
      ({ hint, createdAt, expiresAt }) =>
        `  secret     ${hint}...  made ${createdAt.slice(0, 10)}${expiresAt === undefined ? '' : `, expires ${expiresAt.slice(0, 10)}`}`,
    ),
  ].join('\n');
}

function expiry({ expiresAfter }: SecretOptions): { expiresAt?: string } {
  return expiresAfter === undefined ? {} : { expiresAt: new Date(Date.now() + expiresAfter * DAY_MS).toISOString() };
}

function days(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 36_500)
    throw new InvalidArgumentError('It is a number of days, at least 1.');
  return value;
}
