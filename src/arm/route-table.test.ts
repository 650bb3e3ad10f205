import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { type Place, pathSegments, RouteTable } from './route-table.ts';

const GROUP = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
const PLACES: readonly Place[] = [
  { method: 'GET', path: '/subscriptions' },
  { method: 'GET', path: '/subscriptions/{subscriptionId}/resourceGroups' },
  { method: 'GET', path: GROUP },
  { method: 'PUT', path: GROUP },
  { method: 'PUT', path: `${GROUP}/providers/Microsoft.Compute/galleries/{galleryName}` },
  { method: 'GET', path: `${GROUP}/providers/Microsoft.Compute/galleries/{galleryName}` },
  { method: 'POST', path: `${GROUP}/providers/Microsoft.Compute/galleries/{galleryName}/share` },
  { method: 'PUT', path: '/{scope}/providers/Microsoft.Authorization/roleAssignments/{name}' },
  { method: 'GET', path: '/{scope}/providers/Microsoft.Authorization/roleAssignments' },
];
const table = new RouteTable(PLACES);

const find = (method: string, path: string) => table.find(method, pathSegments(path));

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof KilnError) return error.code;
    throw error;
  }
}

describe('routes', () => {
  test('a path is found in any case, with slashes doubled and names encoded, and spelt as Azure does', () => {
    const found = find(
      'PUT',
      '/SUBSCRIPTIONS/s1/resourcegroups/My%20Group/providers/microsoft.compute//galleries/Site',
    );
    expect(found.operation.path).toBe(PLACES[4]?.path);
    expect(found.params).toEqual({ subscriptionId: 's1', resourceGroupName: 'My Group', galleryName: 'Site' });
    expect(found.id).toBe('/subscriptions/s1/resourceGroups/My Group/providers/Microsoft.Compute/galleries/Site');
  });

  test('an extension is found at the tenant, a group and a resource', () => {
    const role = 'providers/Microsoft.Authorization/roleAssignments';
    expect(find('GET', `/subscriptions/s1/${role}`).params).toEqual({ scope: 'subscriptions/s1' });
    const scope = 'subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute/galleries/a';
    expect(find('PUT', `/${scope}/${role}/r1`)).toMatchObject({
      params: { scope, name: 'r1' },
      id: `/${scope}/${role}/r1`,
    });
  });

  test('what is not there is not found; what has another method says which', () => {
    expect(codeOf(() => find('GET', '/nothing'))).toBe('NotFound');
    expect(codeOf(() => find('DELETE', '/subscriptions/s1/resourceGroups/g'))).toBe('HttpMethodNotSupported');
    expect(codeOf(() => find('GET', '/subscriptions/s1/resourceGroups/g/providers/Microsoft.Compute'))).toBe(
      'NotFound',
    );
  });

  test.each(['/a/../b', '/a/%2e%2e/b', '/a/./b', '/%zz', '/a%00b', '/a\\b', `/${'x'.repeat(300)}`, '/a'.repeat(60)])(
    '%s is no path of a resource',
    path => {
      expect(codeOf(() => pathSegments(path))).toBe('InvalidUri');
    },
  );

  test('no path makes anything but a match or an error of ours', () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'subscriptions',
        'resourceGroups',
        'providers',
        'Microsoft.Authorization',
        'roleAssignments',
        '..',
        '%2F',
        '{scope}',
        '',
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.constantFrom('GET', 'PUT', 'POST', 'X'), fc.array(segment, { maxLength: 12 }), (method, parts) => {
        codeOf(() => find(method, `/${parts.join('/')}`));
      }),
      { numRuns: 2000 },
    );
  });
});
