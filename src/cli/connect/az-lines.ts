import { type Connection, quoted } from './connection.ts';

/** What `az` calls the service. */
const CLOUD = 'Kiln';

/** Files that `kiln connect az --write` makes, and the lines below name. */
export interface AzFiles {
  readonly cloud: string;
  readonly authority: string;
  readonly configDirectory: string;
}

/** The service as `az cloud register --cloud-config` takes it. */
export function cloudConfig({ url }: Connection): object {
  const { hostname } = new URL(url);
  return {
    endpoints: {
      resourceManager: url,
      management: url,
      gallery: url,
      activeDirectory: `${url}/adfs`,
      activeDirectoryResourceId: url,
      activeDirectoryGraphResourceId: `${url}/graph/`,
      // There is no flag for this one, which role assignments need.
      microsoftGraphResourceId: `${url}/graph/`,
      portal: url,
    },
    suffixes: {
      storageEndpoint: hostname,
      keyvaultDns: `.vault.${hostname}`,
      acrLoginServerEndpoint: `.acr.${hostname}`,
    },
  };
}

/** Lines for a shell, with which `az` uses the service from then on. Its settings for Azure itself are left alone. */
export function azLines(connection: Connection, files?: AzFiles): string {
  const { authority, tenantId, clientId, secret } = connection;
  const config = files === undefined ? quoted(JSON.stringify(cloudConfig(connection))) : `@${quoted(files.cloud)}`;
  const trusted = files?.authority ?? authority;
  return [
    `export AZURE_CONFIG_DIR=${files === undefined ? '"$HOME/.azure-kiln"' : quoted(files.configDirectory)}`,
    ...(authority === undefined || trusted === undefined ? [] : [`export REQUESTS_CA_BUNDLE=${quoted(trusted)}`]),
    'export AZURE_CORE_COLLECT_TELEMETRY=false AZURE_CORE_ERROR_RECOMMENDATION=off AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no',
    // A cloud that is known already keeps its old addresses unless it is updated.
    `kiln_cloud=${config}`,
    `az cloud register -n ${CLOUD} --cloud-config "$kiln_cloud" 2>/dev/null || az cloud update -n ${CLOUD} --cloud-config "$kiln_cloud"`,
    `az cloud set -n ${CLOUD}`,
    `az login --service-principal -u ${clientId ?? "'<client id>'"} -p ${secret === undefined ? "'<secret>'" : quoted(secret)} --tenant ${tenantId}`,
  ].join('\n');
}
