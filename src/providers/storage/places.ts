export const NAMESPACE = 'Microsoft.Storage';
export const ACCOUNT_TYPE = `${NAMESPACE}/storageAccounts`;
export const CONTAINER_TYPE = `${ACCOUNT_TYPE}/blobServices/containers`;

const SUBSCRIPTION = '/subscriptions/{subscriptionId}';

export const IN_SUBSCRIPTION = `${SUBSCRIPTION}/providers/${NAMESPACE}`;
export const ACCOUNT = `${SUBSCRIPTION}/resourceGroups/{resourceGroupName}/providers/${ACCOUNT_TYPE}/{accountName}`;
export const BLOB_SERVICES = `${ACCOUNT}/blobServices`;
export const BLOB_SERVICE = `${BLOB_SERVICES}/default`;
export const CONTAINERS = `${BLOB_SERVICE}/containers`;
export const CONTAINER = `${CONTAINERS}/{containerName}`;

/** Where AIB has the logs of a template's runs. */
export const LOGS = 'packerlogs';
