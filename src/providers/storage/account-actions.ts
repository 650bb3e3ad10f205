import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { BLOBS } from '../blob-address.ts';
import { checkedBody } from '../checked-body.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { requireResource } from '../stored-type.ts';
import { ACCOUNT_NAME, isTaken } from './accounts.ts';
import { ACCOUNT, ACCOUNT_TYPE, IN_SUBSCRIPTION } from './places.ts';

const LONGEST_SIGNATURE_MS = 7 * 24 * 3_600_000;

const question = z.object({ name: z.string(), type: z.string().nullish() });
const signature = z.object({
  /** `/blob/<account>/<container>` and the blob's path. */
  canonicalizedResource: z.string().startsWith('/blob/', 'it has to be `/blob/<account>/<container>[/<path>]`'),
  signedResource: z.enum(['b', 'c'], { error: 'it is neither `b`, for a blob, nor `c`, for a container' }).nullish(),
  signedPermission: z
    .string()
    .regex(/^[rl]+$/, 'blobs can be read (`r`) and listed (`l`) only')
    .nullish(),
  signedExpiry: z.string().refine(text => !Number.isNaN(Date.parse(text)), 'it is not a date and a time'),
});

/** What can be asked of storage accounts besides what they are. */
export function accountActions(services: ProviderServices): readonly ArmOperation[] {
  const { store } = services;
  const action = (name: string, handle: ArmOperation['handle']): ArmOperation => {
    return { method: 'POST', path: `${ACCOUNT}/${name}`, action: `${ACCOUNT_TYPE}/${name}/action`, handle };
  };
  /** There are no keys: whoever has one has everything, and nobody knows who it was. */
  const withoutKeys = (name: string) =>
    action(name, async request => {
      await requireResource(store.db, accountOf(request));
      const todo = 'Send a token, or ask listServiceSas for an address that can be read for a while.';
      throw resourceTypeError('FeatureNotSupportedForAccount', { feature: 'Access by account key', todo });
    });
  return [
    {
      method: 'POST',
      path: `${IN_SUBSCRIPTION}/checkNameAvailability`,
      action: 'Microsoft.Storage/checknameavailability/read',
      handle: request => nameAvailability(services, request),
    },
    withoutKeys('listKeys'),
    withoutKeys('regenerateKey'),
    withoutKeys('listAccountSas'),
    action('listServiceSas', request => serviceSas(services, request)),
  ];
}

async function nameAvailability({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { name } = checkedBody(question, request.body);
  if (!ACCOUNT_NAME.pattern.test(name)) {
    const message = `${name} is not a valid storage account name: ${ACCOUNT_NAME.rule}.`;
    return { status: 200, body: { nameAvailable: false, reason: 'AccountNameInvalid', message } };
  }
  if (!(await isTaken(store, store.db, name))) return { status: 200, body: { nameAvailable: true } };
  const { message } = resourceTypeError('StorageAccountAlreadyTaken', { account: name });
  return { status: 200, body: { nameAvailable: false, reason: 'AlreadyExists', message } };
}

async function serviceSas({ store, signBlobPath }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { name } = await requireResource(store.db, accountOf(request));
  const { canonicalizedResource, signedResource, signedExpiry, signedPermission } = checkedBody(
    signature,
    request.body,
  );
  const [account = '', container = '', ...path] = canonicalizedResource.slice('/blob/'.length).split('/');
  const fail = (parameter: string, reason: string) => armError('InvalidParameter', { name: parameter, reason });
  if (account !== name) throw fail('canonicalizedResource', `it is not in the account ${name}`);
  if (container === '') throw fail('canonicalizedResource', 'it names no container');
  if (signedResource === 'b' && path.length === 0) throw fail('canonicalizedResource', 'it names no blob');
  const expires = new Date(signedExpiry);
  if (expires.getTime() > Date.now() + LONGEST_SIGNATURE_MS)
    throw fail('signedExpiry', 'it is more than 7 days from now');
  const signed = signedResource === 'c' ? [account, container] : [account, container, ...path];
  const isBlob = signed.length > 2;
  const asked = signedPermission ?? (isBlob ? 'r' : 'rl');
  if (isBlob && asked.includes('l'))
    throw fail('signedPermission', 'a blob can be read (`r`) only; a container is listed');
  const permission = asked.includes('r') ? (asked.includes('l') ? 'rl' : 'r') : 'l';
  const serviceSasToken = signBlobPath(`${BLOBS}/${signed.join('/')}`, expires, permission);
  return { status: 200, body: { serviceSasToken } };
}

function accountOf({ id }: ArmRequest): string {
  return id.slice(0, id.lastIndexOf('/'));
}
