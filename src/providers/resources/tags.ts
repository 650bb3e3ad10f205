import { armError } from '../../errors/arm.ts';
import { KilnError } from '../../errors/kiln-error.ts';
import type { ArmOperation, ArmRequest, ArmResponse, Provider } from '../provider.ts';
import { isObject, objectIn, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { errorOf, InternalClient, newestVersion } from './internal-client.ts';

type Tags = Readonly<Record<string, string>>;

const PATH = '/{scope}/providers/Microsoft.Resources/tags/default';
const GROUP_VERSION = '2021-04-01';

/** The tags of any resource or resource group, read and changed without the rest of it. */
export function tagsOperations(
  services: ProviderServices,
  providers: () => readonly Provider[],
): readonly ArmOperation[] {
  const change = (next: (request: ArmRequest, found: Tags) => Tags) => async (request: ArmRequest) => {
    const { found, send } = await target(services, providers(), request);
    return send('PATCH', { tags: next(request, found) });
  };
  return [
    {
      method: 'GET',
      path: PATH,
      action: 'Microsoft.Resources/tags/read',
      handle: async request => {
        const { found } = await target(services, providers(), request);
        return { status: 200, body: shown(request, found) };
      },
    },
    {
      method: 'PUT',
      path: PATH,
      action: 'Microsoft.Resources/tags/write',
      handle: change(({ body }) => tagsIn(objectIn(body, 'properties'))),
    },
    {
      method: 'PATCH',
      path: PATH,
      action: 'Microsoft.Resources/tags/write',
      handle: change(({ body }, found) => patched(body, found)),
    },
    {
      method: 'DELETE',
      path: PATH,
      action: 'Microsoft.Resources/tags/delete',
      handle: async request => {
        const answer = await change(() => ({}))(request);
        return { status: answer.status };
      },
    },
  ];
}

async function target(services: ProviderServices, providers: readonly Provider[], request: ArmRequest) {
  const id = `/${request.params['scope'] ?? ''}`;
  const client = new InternalClient(services, request);
  const version = /\/providers\//i.test(id) ? newestVersion(providers, typeIn(id)) : GROUP_VERSION;
  if (version === undefined) throw armError('NotFound', { path: id });
  const answer = await client.send('GET', id, version);
  if (answer.status >= 400) throw asError(answer);
  const found = tagsIn(answer.body);
  const send = async (method: string, body: object): Promise<ArmResponse> => {
    const changed = await client.send(method, id, version, body);
    if (changed.status >= 400) throw asError(changed);
    return { status: 200, body: shown(request, tagsIn(isObject(body) ? body : {})) };
  };
  return { found, send };
}

function patched(body: unknown, found: Tags): Tags {
  const operation = isObject(body) ? body['operation'] : undefined;
  const given = tagsIn(objectIn(body, 'properties'));
  switch (typeof operation === 'string' ? operation.toLowerCase() : '') {
    case 'merge':
      return { ...without(found, name => has(given, name)), ...given };
    case 'replace':
      return given;
    case 'delete':
      return without(found, (name, value) => Object.entries(given).some(([n, v]) => same(n, name) && v === value));
    default:
      throw armError('InvalidParameter', { name: 'operation', reason: 'it is none of Merge, Replace, Delete' });
  }
}

function without(tags: Tags, drop: (name: string, value: string) => boolean): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([name, value]) => !drop(name, value)));
}

function has(tags: Tags, name: string): boolean {
  return Object.keys(tags).some(one => same(one, name));
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function shown({ id }: ArmRequest, tags: Tags) {
  return { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags } };
}

/** The type of the resource that an id ends in. */
function typeIn(id: string): string {
  const [namespace = '', ...rest] = id.slice(id.toLowerCase().lastIndexOf('/providers/') + 11).split('/');
  return [namespace, ...rest.filter((_, i) => i % 2 === 0)].join('/');
}

/** What another provider refused, as this one's own. */
function asError(answer: Parameters<typeof errorOf>[0]): KilnError {
  const { code, message } = errorOf(answer);
  return new KilnError(code, 2, message, '', { status: answer.status });
}
