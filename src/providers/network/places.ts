export const NAMESPACE = 'Microsoft.Network';

const GROUP = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${NAMESPACE}`;

export const NETWORK_TYPE = `${NAMESPACE}/virtualNetworks`;
export const SUBNET_TYPE = `${NETWORK_TYPE}/subnets`;
export const SECURITY_GROUP_TYPE = `${NAMESPACE}/networkSecurityGroups`;
export const PUBLIC_ADDRESS_TYPE = `${NAMESPACE}/publicIPAddresses`;

export const NETWORK = `${GROUP}/virtualNetworks/{virtualNetworkName}`;
export const SECURITY_GROUP = `${GROUP}/networkSecurityGroups/{networkSecurityGroupName}`;
export const PUBLIC_ADDRESS = `${GROUP}/publicIPAddresses/{publicIpAddressName}`;
