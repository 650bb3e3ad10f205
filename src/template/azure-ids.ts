import { z } from 'zod';

// Ids of resources that a template only names: nothing of them is looked up here.

const GROUP = '/subscriptions/[^/\\s]+/resourceGroups/[\\w.()-]{1,90}(?<!\\.)';
const NAME = '[^/\\s]+';

const GROUP_FORM = '/subscriptions/SUBSCRIPTION/resourceGroups/GROUP';

export const IDENTITY = idPattern(`${GROUP}/providers/Microsoft\\.ManagedIdentity/userAssignedIdentities/${NAME}`);
export const SUBNET = idPattern(`${GROUP}/providers/Microsoft\\.Network/virtualNetworks/${NAME}/subnets/${NAME}`);
export const RESOURCE_GROUP = idPattern(GROUP);

export const IDENTITY_FORM = `\`${GROUP_FORM}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME\``;

/** An identity may be of another subscription than the template. */
export function isIdentityId(text: string): boolean {
  return IDENTITY.test(text);
}

export const identityId = z.string().regex(IDENTITY, `must be the id of an identity: ${IDENTITY_FORM}`);

/** Or empty. */
export const subnetId = z
  .string()
  .refine(
    text => text === '' || SUBNET.test(text),
    `must be the id of a subnet: \`${GROUP_FORM}/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/NAME\``,
  )
  .default('');

/** Or empty. */
export const resourceGroupId = z
  .string()
  .refine(text => text === '' || RESOURCE_GROUP.test(text), `must be the id of a resource group: \`${GROUP_FORM}\``)
  .default('');

/** The virtual network of a subnet, in lower case; nothing when the id is none. */
export function networkOf(id: unknown): string | undefined {
  if (typeof id !== 'string' || !SUBNET.test(id)) return undefined;
  return id.slice(0, id.search(/\/subnets\//i)).toLowerCase();
}

function idPattern(body: string): RegExp {
  return new RegExp(`^${body}$`, 'i');
}
