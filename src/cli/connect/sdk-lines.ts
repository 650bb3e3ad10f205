import { type Connection, quoted } from './connection.ts';

/** Lines for a shell, and a program in JavaScript that works after them. */
export function sdkLines({ url, authority, subscription, clientId, secret }: Connection): string {
  return [
    ...(authority === undefined ? [] : [`export NODE_EXTRA_CA_CERTS=${quoted(authority)}`]),
    `export AZURE_CLIENT_ID=${clientId ?? "'<client id>'"} AZURE_CLIENT_SECRET=${secret === undefined ? "'<secret>'" : quoted(secret)}`,
    'npm install @azure/arm-imagebuilder @azure/identity',
    "cat > templates.mjs <<'END'",
    "import { ImageBuilderClient } from '@azure/arm-imagebuilder';",
    "import { ClientSecretCredential } from '@azure/identity';",
    '',
    'const { AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env;',
    `const credential = new ClientSecretCredential('adfs', AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, {`,
    `  authorityHost: '${url}',`,
    '});',
    `const client = new ImageBuilderClient(credential, '${subscription}', { endpoint: '${url}' });`,
    'for await (const template of client.virtualMachineImageTemplates.list()) console.log(template.id);',
    'END',
    'node templates.mjs',
  ].join('\n');
}
