import { meets, parseFilter } from '../../arm/filter.ts';
import { SIZE_TABLE, type VmSize } from '../../plan/vm-size-table.ts';
import type { ArmOperation } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn } from '../stored-type.ts';
import { LOCATION, SKUS } from './places.ts';

/** LUNs of a build VM. */
const DATA_DISKS = 64;
/** Azure writes this for every size. */
const OS_DISK_MB = 1_047_552;

/** The sizes that templates can name, with what a build VM gets of each. They are the same in every region. */
export function vmSizeOperations({ config }: Pick<ProviderServices, 'config'>): readonly ArmOperation[] {
  const sizes = [...SIZE_TABLE].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    {
      method: 'GET',
      path: `${LOCATION}/vmSizes`,
      action: 'Microsoft.Compute/locations/vmSizes/read',
      handle: async () => ({ status: 200, body: { value: sizes.map(sizeOf) } }),
    },
    {
      method: 'GET',
      path: SKUS,
      action: 'Microsoft.Compute/skus/read',
      handle: async ({ url }) => {
        const conditions = parseFilter(url.searchParams.get('$filter'));
        const wanted = conditions.find(({ property }) => property === 'location')?.value ?? config.location;
        const location = locationIn({ location: wanted });
        const value = sizes
          .map(size => skuOf(size, location))
          .filter(({ name, resourceType }) =>
            meets(conditions, property => textOf({ name, resourceType, wanted }, property)),
          );
        return { status: 200, body: { value } };
      },
    },
  ];
}

function textOf(sku: { name: string; resourceType: string; wanted: string }, property: string): string | undefined {
  switch (property) {
    case 'location':
      return sku.wanted;
    case 'name':
      return sku.name;
    case 'resourcetype':
      return sku.resourceType;
    default:
      return undefined;
  }
}

function sizeOf({ name, cpus, memoryMiB }: VmSize) {
  return {
    ...{ name, numberOfCores: cpus, memoryInMB: memoryMiB },
    ...{ osDiskSizeInMB: OS_DISK_MB, resourceDiskSizeInMB: 0, maxDataDiskCount: DATA_DISKS },
  };
}

function skuOf({ name, cpus, memoryMiB }: VmSize, location: string) {
  const [tier = '', size = ''] = name.split(/_(.*)/s);
  const capabilities = {
    vCPUs: cpus,
    MemoryGB: memoryMiB / 1024,
    MaxDataDiskCount: DATA_DISKS,
    CpuArchitectureType: 'x64',
  };
  return {
    ...{ resourceType: 'virtualMachines', name, tier, size },
    locations: [location],
    locationInfo: [{ location, zones: [] }],
    capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value: String(value) })),
    restrictions: [],
  };
}
