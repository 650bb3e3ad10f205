/** What a role allows. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface BuiltInRole {
  /** Azure's own GUID: templates and scripts name roles by it. */
  readonly guid: string;
  readonly name: string;
  readonly description: string;
  readonly permission: Permission;
}

type Allowed = Partial<Permission>;

function role(guid: string, name: string, description: string, allowed: Allowed): BuiltInRole {
  const permission = { actions: [], notActions: [], dataActions: [], notDataActions: [], ...allowed };
  return { guid, name, description, permission };
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const IDENTITIES = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const READ_ACCESS = 'Microsoft.Authorization/*/read';
const GROUPS = ['Microsoft.Resources/subscriptions/resourceGroups/read', 'Microsoft.Resources/deployments/*'];

/** The roles of Azure that are about what Kiln has. Actions of providers that there are none of here are left out. */
export const BUILT_IN_ROLES: readonly BuiltInRole[] = [
  role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Full access to everything, and to who may do what.', {
    actions: ['*'],
  }),
  role('b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor', 'Full access to everything but to who may do what.', {
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
      'Microsoft.Compute/galleries/share/action',
    ],
  }),
  role('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', 'Sees everything, and changes nothing.', {
    actions: ['*/read'],
  }),
  role('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator', 'Says who may do what.', {
    actions: ['*/read', 'Microsoft.Authorization/*'],
  }),
  role('f58310d9-a9f6-439a-9e8d-f62e7b41a168', 'Role Based Access Control Administrator', 'Says who has which role.', {
    actions: [
      '*/read',
      'Microsoft.Authorization/roleAssignments/write',
      'Microsoft.Authorization/roleAssignments/delete',
    ],
  }),
  role('f1a07417-d97a-45cb-824c-7a7467783830', 'Managed Identity Operator', 'Sees and assigns managed identities.', {
    actions: [`${IDENTITIES}/*/read`, `${IDENTITIES}/*/assign/action`, READ_ACCESS, ...GROUPS],
  }),
  role(
    'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    'Managed Identity Contributor',
    'Makes and deletes managed identities.',
    {
      actions: [
        ...['read', 'write', 'delete'].map(verb => `${IDENTITIES}/${verb}`),
        ...['read', 'write', 'delete'].map(verb => `${IDENTITIES}/federatedIdentityCredentials/${verb}`),
        ...[READ_ACCESS, ...GROUPS],
      ],
    },
  ),
  role('9980e02c-c2be-4d73-94e8-173b1dc7cf3c', 'Virtual Machine Contributor', 'Makes and manages virtual machines.', {
    actions: [
      ...[READ_ACCESS, ...GROUPS],
      ...['availabilitySets', 'locations', 'virtualMachines', 'virtualMachineScaleSets', 'disks'].map(
        type => `Microsoft.Compute/${type}/*`,
      ),
      ...['Microsoft.Network/networkInterfaces/*', 'Microsoft.Network/locations/*'],
      ...['networkSecurityGroups/join/action', 'networkSecurityGroups/read', 'publicIPAddresses/join/action'].map(
        action => `Microsoft.Network/${action}`,
      ),
      ...['publicIPAddresses/read', 'virtualNetworks/read', 'virtualNetworks/subnets/join/action'].map(
        action => `Microsoft.Network/${action}`,
      ),
      ...['Microsoft.Storage/storageAccounts/listKeys/action', 'Microsoft.Storage/storageAccounts/read'],
    ],
  }),
  role('4d97b98b-1d4f-4787-a291-c67834d212e7', 'Network Contributor', 'Makes and manages networks.', {
    actions: [READ_ACCESS, ...GROUPS, 'Microsoft.Network/*'],
  }),
  role('85a2d0d9-2eba-4c9c-b355-11c2cc0788ab', 'Compute Gallery Artifacts Publisher', 'Publishes to galleries.', {
    actions: [
      'Microsoft.Compute/galleries/*',
      'Microsoft.Compute/locations/capsOperations/read',
      'Microsoft.Compute/images/read',
      ...GROUPS,
    ],
    notActions: ['Microsoft.Compute/galleries/share/action'],
  }),
  role('17d1049b-9a84-46fb-8f53-869881c3d3ab', 'Storage Account Contributor', 'Makes and manages storage accounts.', {
    actions: [READ_ACCESS, ...GROUPS, 'Microsoft.Storage/storageAccounts/*'],
  }),
  role('b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner', 'Full access to containers and blobs.', {
    actions: [`${BLOBS}/*`, 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'],
    dataActions: [`${BLOBS}/blobs/*`],
  }),
  role('ba92f5b4-2d11-453d-a403-e96b0029c9fe', 'Storage Blob Data Contributor', 'Reads, writes and deletes blobs.', {
    actions: [
      ...['delete', 'read', 'write'].map(verb => `${BLOBS}/${verb}`),
      'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
    ],
    dataActions: ['delete', 'read', 'write', 'move/action', 'add/action'].map(verb => `${BLOBS}/blobs/${verb}`),
  }),
  role('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', 'Storage Blob Data Reader', 'Reads blobs.', {
    actions: [`${BLOBS}/read`, 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'],
    dataActions: [`${BLOBS}/blobs/read`],
  }),
  role('4a9ae827-6dc8-4573-8ac7-8239d42aa03f', 'Tag Contributor', 'Changes tags, and nothing else.', {
    actions: [
      ...['Microsoft.Authorization/*/read', 'Microsoft.Resources/subscriptions/resourceGroups/read'],
      ...['Microsoft.Resources/subscriptions/resources/read', 'Microsoft.Resources/deployments/*'],
      'Microsoft.Resources/tags/*',
    ],
  }),
];
