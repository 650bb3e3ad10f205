import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import { findResource } from '../../store/resources.ts';
import { accountAddress } from '../blob-address.ts';
import { checkedBody, refuseProperties } from '../checked-body.ts';
import { isObject, objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { type StoredType, shownResource } from '../stored-type.ts';
import { ACCOUNT_NAME, refusePublishing, refuseTaken, removeContent, templateOf } from './accounts.ts';
import { ACCOUNT, ACCOUNT_TYPE } from './places.ts';

const SKU = /^(Standard_(LRS|GRS|RAGRS|ZRS|GZRS|RAGZRS)|Premium_(LRS|ZRS))$/;

const account = z.looseObject({
  sku: z.looseObject({ name: z.string().regex(SKU, 'it is none of the names of Azure, e.g. Standard_LRS') }),
  kind: z.enum(['StorageV2', 'Storage', 'BlobStorage', 'BlockBlobStorage']),
});

const PROPERTIES = {
  ...{ accessTier: 'Hot', allowBlobPublicAccess: false, allowSharedKeyAccess: false },
  ...{ supportsHttpsTrafficOnly: true, minimumTlsVersion: 'TLS1_2' },
};

/** What can be had of Azure's accounts and cannot here. */
const REFUSED = {
  customDomain: 'the blobs of all accounts are below the address of the service',
  isHnsEnabled: 'there are no directories but those in names',
  isSftpEnabled: 'blobs are read by HTTPS only',
  isNfsV3Enabled: 'blobs are read by HTTPS only',
};

/** Storage accounts. What is published to one makes its directory in the store of its region. */
export function accountType({ store }: Pick<ProviderServices, 'store'>): StoredType {
  return {
    type: ACCOUNT_TYPE,
    path: ACCOUNT,
    tracked: true,
    inSubscription: true,
    name: ACCOUNT_NAME,
    // Azure's clients take no other answer.
    madeStatus: 200,
    prepare: async (request, found, trx) => {
      const { body, params } = request;
      const name = params['accountName'] ?? '';
      const properties = objectIn(body, 'properties');
      const on = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== false));
      refuseProperties(on, REFUSED);
      if (properties['allowBlobPublicAccess'] === true) {
        const reason = 'blobs are read with a token or a signature only';
        throw armError('InvalidParameter', { name: 'properties.allowBlobPublicAccess', reason });
      }
      const wanted = checkedBody(account, { ...(found?.body ?? {}), ...(isObject(body) ? body : {}) });
      if (found === undefined) await refuseTaken(store, trx, name);
      const { sku, kind } = wanted;
      const [tier = 'Standard'] = sku.name.split('_');
      return { body: { sku: { name: sku.name, tier }, kind, properties: PROPERTIES } };
    },
    show: (resource, { baseUrl }) => {
      const shown = shownResource(resource);
      const { name, createdAt: creationTime, location: primaryLocation, provisioningState } = resource;
      const primaryEndpoints = { blob: accountAddress(baseUrl, name) };
      const found = {
        primaryLocation,
        statusOfPrimary: 'available',
        creationTime,
        primaryEndpoints,
        provisioningState,
      };
      return { ...shown, properties: { ...objectIn(shown, 'properties'), ...found } };
    },
    refuseDelete: async (trx, resource) => {
      const { id, name } = resource;
      await refusePublishing(trx, id, `${name}/`);
      const key = templateOf(resource);
      const template = key === undefined ? undefined : await findResource(trx, key);
      if (template !== undefined) throw armError('ResourceInUse', { resource: id, by: template.id });
    },
    removed: (trx, { name, location }) => removeContent(store, trx, location ?? '', name),
  };
}
