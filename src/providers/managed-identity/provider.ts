import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import { addManagedIdentity, removeManagedIdentity } from '../../identity/managed-identity.ts';
import { listResources } from '../../store/resources.ts';
import { checkedBody } from '../checked-body.ts';
import type { Provider } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { type StoredType, storedType } from '../stored-type.ts';
import { templateWithIdentity } from '../template-uses.ts';

const NAMESPACE = 'Microsoft.ManagedIdentity';
const IDENTITY_TYPE = `${NAMESPACE}/userAssignedIdentities`;
const IDENTITY = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${IDENTITY_TYPE}/{resourceName}`;
const VERSIONS = [
  '2024-11-30',
  '2023-01-31',
  '2022-01-31-preview',
  '2021-09-30-preview',
  '2018-11-30',
  '2015-08-31-preview',
];
const CREDENTIAL_VERSIONS = VERSIONS.slice(0, 3);
/** What Azure takes. */
const MOST_CREDENTIALS = 20;

const credential = z.object({
  issuer: z.url({ protocol: /^https$/, error: 'it is not an https address' }),
  subject: z.string().min(1).max(600),
  audiences: z.array(z.string().min(1).max(600)).length(1, 'it has to be one audience'),
});

/** `Microsoft.ManagedIdentity`: identities for image templates and build VMs, each of which is a principal. */
export function managedIdentityProvider({ store, tenantId }: ProviderServices): Provider {
  return {
    namespace: NAMESPACE,
    types: [
      { resourceType: 'userAssignedIdentities', apiVersions: VERSIONS, tracked: true },
      {
        resourceType: 'userAssignedIdentities/federatedIdentityCredentials',
        apiVersions: CREDENTIAL_VERSIONS,
        tracked: false,
      },
    ],
    operations: [...storedType(store, identities(tenantId)), ...storedType(store, federatedCredentials())],
  };
}

function identities(tenantId: string): StoredType {
  return {
    type: IDENTITY_TYPE,
    path: IDENTITY,
    tracked: true,
    inSubscription: true,
    name: {
      pattern: /^[A-Za-z0-9][\w-]{2,127}$/,
      rule: 'it has 3 to 128 letters, digits, `-` and `_`, and begins with a letter or digit',
    },
    prepare: async (request, found, trx) => {
      if (found !== undefined) return { body: found.body };
      const displayName = request.params['resourceName'] ?? '';
      const { objectId, appId } = await addManagedIdentity(trx, { displayName, tenantId });
      return { body: { properties: { tenantId, principalId: objectId, clientId: appId } } };
    },
    refuseDelete: async (trx, { key, id }) => {
      const template = await templateWithIdentity(trx, key);
      if (template !== undefined) throw armError('ResourceInUse', { resource: id, by: template });
    },
    removed: async (trx, { body }) => {
      const { principalId } = objectIn(body, 'properties');
      if (typeof principalId === 'string') await removeManagedIdentity(trx, principalId);
    },
  };
}

/** Whose tokens stand for an identity: kept for clients, and used by nothing yet. */
function federatedCredentials(): StoredType {
  return {
    type: `${IDENTITY_TYPE}/federatedIdentityCredentials`,
    path: `${IDENTITY}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}`,
    tracked: false,
    name: {
      pattern: /^[A-Za-z0-9][\w-]{2,119}$/,
      rule: 'it has 3 to 120 letters, digits, `-` and `_`, and begins with a letter or digit',
    },
    prepare: async (request, found, trx) => {
      const properties = checkedBody(credential, objectIn(request.body, 'properties'), ['properties']);
      const parentKey = request.id.split('/').slice(0, -2).join('/').toLowerCase();
      const others = (await listResources(trx, { parentKey })).filter(({ key }) => key !== found?.key);
      const twin = others.find(({ body }) => {
        const { issuer, subject } = objectIn(body, 'properties');
        return issuer === properties.issuer && subject === properties.subject;
      });
      if (twin !== undefined) {
        const reason = `the credential ${twin.name} has the same issuer and subject`;
        throw armError('InvalidParameter', { name: 'properties.subject', reason });
      }
      if (found === undefined && others.length >= MOST_CREDENTIALS) {
        throw armError('Conflict', {
          message: `The identity has ${MOST_CREDENTIALS} federated identity credentials already.`,
          todo: 'Delete one first.',
        });
      }
      return { body: { properties } };
    },
  };
}
