import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** What the service answers of single types of resources, with Azure's codes and in its words. */
export const resourceTypeErrors = kinds({
  PlatformImageNotFound: {
    exit: 2,
    status: 404,
    summary: 'A request is about an image of the catalogue that there is none of.',
    message: p =>
      `The platform image '${p.name}' is not available. Verify that all fields in the storage profile are correct.`,
    todo: () => '`kiln source list` shows what there is.',
  } satisfies ErrorKind<{ name: string }>,
  InvalidResourceReference: {
    exit: 2,
    status: 400,
    summary: 'A resource refers to another one that does not exist.',
    message: p =>
      `Resource ${p.referenced} referenced by resource ${p.resource} was not found. Please make sure that the referenced resource exists.`,
    todo: () => 'Create it first, or correct the id.',
  } satisfies ErrorKind<{ referenced: string; resource: string }>,
  InvalidCIDRNotation: {
    exit: 2,
    status: 400,
    summary: 'An address range of a virtual network or subnet is not written as an address, `/` and a length.',
    message: p => `The address prefix ${p.prefix} in resource ${p.resource} has an invalid CIDR notation.`,
    todo: () => 'For example `10.0.0.0/24`: the bits after the length are 0.',
  } satisfies ErrorKind<{ prefix: string; resource: string }>,
  NetcfgInvalidSubnet: {
    exit: 2,
    status: 400,
    summary: 'A subnet is not within the address space of its virtual network.',
    message: p => `Subnet '${p.subnet}' is not valid in virtual network '${p.network}'.`,
    todo: p => `Its address range has to be within ${p.space}.`,
  } satisfies ErrorKind<{ subnet: string; network: string; space: string }>,
  NetcfgSubnetRangesOverlap: {
    exit: 2,
    status: 400,
    summary: 'Two subnets of one virtual network share addresses.',
    message: p =>
      `Subnet '${p.subnet}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '${p.network}'.`,
    todo: p => `The other one is '${p.other}'.`,
  } satisfies ErrorKind<{ subnet: string; network: string; other: string }>,
  InUseSubnetCannotBeDeleted: {
    exit: 2,
    status: 400,
    summary: 'A subnet is to be deleted while an image template uses it.',
    message: p => `Subnet ${p.subnet} is in use by ${p.by} and cannot be deleted.`,
    todo: () => 'Delete the image template first, or take the subnet out of its `vnetConfig`.',
  } satisfies ErrorKind<{ subnet: string; by: string }>,
  InUseNetworkSecurityGroupCannotBeDeleted: {
    exit: 2,
    status: 400,
    summary: 'A network security group is to be deleted while a subnet has it.',
    message: p =>
      `Network security group ${p.group} cannot be deleted because it is in use by the following resources: ${p.by}.`,
    todo: () => 'Take it from them first.',
  } satisfies ErrorKind<{ group: string; by: string }>,
  StorageAccountAlreadyTaken: {
    exit: 2,
    status: 409,
    summary: 'Another storage account of the site has the name.',
    message: p => `The storage account named ${p.account} is already taken.`,
    todo: () => 'Choose another name: the names of storage accounts are unique at a site.',
  } satisfies ErrorKind<{ account: string }>,
  FeatureNotSupportedForAccount: {
    exit: 2,
    status: 409,
    summary: 'A storage account is asked for something that Kiln does not have.',
    message: p => `${p.feature} is not supported for the account.`,
    todo: p => p.todo,
  } satisfies ErrorKind<{ feature: string; todo: string }>,
  RoleDefinitionDoesNotExist: {
    exit: 2,
    status: 400,
    summary: 'A role is assigned that there is none of.',
    message: p => `The specified role definition with ID '${p.id}' does not exist.`,
    todo: () => 'GET <scope>/providers/Microsoft.Authorization/roleDefinitions lists them.',
  } satisfies ErrorKind<{ id: string }>,
  RoleDefinitionWithSameNameExists: {
    exit: 2,
    status: 409,
    summary: 'Another role has the name.',
    message: p => `A custom role with the same name already exists in this directory: ${p.name}. Use a different name.`,
    todo: () => 'Names of roles are unique, those of built-in ones among them.',
  } satisfies ErrorKind<{ name: string }>,
  RoleDefinitionHasAssignments: {
    exit: 2,
    status: 409,
    summary: 'A role is to be deleted while somebody has it.',
    message: p => `There are existing role assignments referencing role '${p.name}'.`,
    todo: () => 'Delete those assignments first.',
  } satisfies ErrorKind<{ name: string }>,
  RoleAssignmentExists: {
    exit: 2,
    status: 409,
    summary: 'A principal has the role at the scope already, by another assignment.',
    message: p => `The role assignment already exists. The ID of the existing role assignment is ${p.existing}.`,
    todo: () => 'Nothing has to be done.',
  } satisfies ErrorKind<{ existing: string }>,
  RoleAssignmentUpdateNotPermitted: {
    exit: 2,
    status: 409,
    summary: 'A role assignment exists already, for another principal or role.',
    message: () => 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    todo: () => 'Delete the assignment, or use another name.',
  } satisfies ErrorKind<object>,
});

export const resourceTypeError = thrower(resourceTypeErrors);
