import { KilnError } from '../../../errors/kiln-error.ts';
import { findResource, insertResource, removeResource, updateResource } from '../../../store/resources.ts';
import type { Store } from '../../../store/store.ts';
import type { ArmRequest, ArmResponse, Provider } from '../../provider.ts';
import { objectIn } from '../../request-body.ts';
import { notFound, shownResource } from '../../stored-type.ts';

const PATH = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Test.Slow/things/{name}';

export interface SlowProvider {
  readonly provider: (services: { readonly store: Store }) => Provider;
  /** Names of resources that stay in the state `Creating` as long as they are here. */
  readonly held: Set<string>;
  /** Names in the order in which they were put. */
  readonly puts: string[];
}

/** Resources that fail, at once (`fail`) or later (`failLater`), or are held the first time (`hold`), as their properties say. */
export function slowProvider(): SlowProvider {
  let current: Store | undefined;
  const held = new Set<string>();
  const puts: string[] = [];
  const store = (): Store => {
    if (current === undefined) throw new Error('no store');
    return current;
  };
  const get = async ({ id }: ArmRequest): Promise<ArmResponse> => {
    const found = await findResource(store().db, id);
    if (found === undefined) throw notFound(id);
    const properties = objectIn(found.body, 'properties');
    const failed = properties['failLater'] === true;
    const provisioningState = failed ? 'Failed' : held.has(found.name) ? 'Creating' : 'Succeeded';
    const error = failed ? { provisioningError: { code: 'Broken', message: 'it broke' } } : {};
    return {
      status: 200,
      body: { ...shownResource(found), properties: { ...properties, ...error, provisioningState } },
    };
  };
  const put = async (request: ArmRequest): Promise<ArmResponse> => {
    const { id, body, params } = request;
    const { name = '' } = params;
    const properties = objectIn(body, 'properties');
    if (properties['fail'] === true)
      throw new KilnError('Refused', 2, `no: ${properties['note']}`, '', { status: 409 });
    if (properties['hold'] === true && !puts.includes(name)) held.add(name);
    puts.push(name);
    await store().write(async trx => {
      if ((await updateResource(trx, id.toLowerCase(), { body: { properties } })) !== undefined) return;
      await insertResource(trx, {
        ...{ id, type: 'Test.Slow/things', parentKey: undefined, location: 'westus2', tags: {}, internal: {} },
        ...{ body: { properties }, provisioningState: 'Succeeded', createdBy: undefined },
      });
    });
    return get(request);
  };
  const remove = async ({ id }: ArmRequest): Promise<ArmResponse> => {
    await store().write(trx => removeResource(trx, id.toLowerCase()));
    return { status: 200 };
  };
  return {
    held,
    puts,
    provider: services => {
      current = services.store;
      return {
        namespace: 'Test.Slow',
        types: [{ resourceType: 'things', apiVersions: ['2024-01-01'], tracked: true }],
        operations: [
          { method: 'GET', path: PATH, action: 'Test.Slow/things/read', handle: get },
          { method: 'PUT', path: PATH, action: 'Test.Slow/things/write', handle: put },
          { method: 'DELETE', path: PATH, action: 'Test.Slow/things/delete', handle: remove },
        ],
      };
    },
  };
}
