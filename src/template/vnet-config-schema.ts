import { z } from 'zod';
import { always } from '../steps/schema-fields.ts';
import { networkOf, subnetId } from './azure-ids.ts';
import type { VnetConfig } from './model.ts';

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const key = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

/** The networks of a build: its own, a subnet for the build VM, or that and one for the service's container. */
export const vnetConfigSchema: z.ZodType<VnetConfig> = z
  .object({ subnetId, containerInstanceSubnetId: subnetId, proxyVmSize: z.string().default('') })
  .refine(given => !isText(given.containerInstanceSubnetId) || isText(given.subnetId), {
    when: always,
    path: ['subnetId'],
    error: 'is needed beside `containerInstanceSubnetId`',
  })
  .refine(given => !isText(given.containerInstanceSubnetId) || !isText(given.proxyVmSize), {
    when: always,
    path: ['proxyVmSize'],
    error: 'cannot stand beside `containerInstanceSubnetId`: there is no proxy VM then',
  })
  .refine(
    given => !isText(given.containerInstanceSubnetId) || key(given.subnetId) !== key(given.containerInstanceSubnetId),
    {
      when: always,
      path: ['containerInstanceSubnetId'],
      error: 'must be another subnet than `subnetId`',
    },
  )
  .refine(
    given => {
      const [build, container] = [networkOf(given.subnetId), networkOf(given.containerInstanceSubnetId)];
      return build === undefined || container === undefined || build === container;
    },
    {
      when: always,
      path: ['containerInstanceSubnetId'],
      error: 'must be a subnet of the same virtual network as `subnetId`',
    },
  );
