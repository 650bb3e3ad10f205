import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** What the service answers to requests about resource groups and deployments, with Azure Resource Manager's codes and in its words. */
export const resourcesErrors = kinds({
  InvalidResourceGroupLocation: {
    exit: 2,
    status: 409,
    summary: 'A resource group is to be in another region than it is.',
    message: p =>
      `Invalid resource group location '${p.wanted}'. The Resource group already exists in location '${p.found}'.`,
    todo: () => 'Use the same location, or delete the group first.',
  } satisfies ErrorKind<{ wanted: string; found: string }>,
  LocationNotAvailableForResourceGroup: {
    exit: 2,
    status: 400,
    summary: 'A resource group is to be made in a region that the service does not know.',
    message: p =>
      `The provided location '${p.location}' is not available for resource group. List of available regions is '${p.known}'.`,
    todo: () => 'Use one of them, or add the region to the site configuration.',
  } satisfies ErrorKind<{ location: string; known: string }>,
  ResourceGroupDeletionBlocked: {
    exit: 2,
    status: 409,
    summary: 'Something in a resource group could not be deleted, so the group stays with what is left in it.',
    message: p =>
      `Deletion of resource group '${p.resourceGroup}' failed as resources with identifiers '${p.left}' could not be deleted: ${p.reason}`,
    todo: () => 'What was deleted before it is gone. Delete what uses it, then the group again.',
  } satisfies ErrorKind<{ resourceGroup: string; left: string; reason: string }>,
  DeploymentNotFound: {
    exit: 2,
    status: 404,
    summary: 'A request is about a deployment that does not exist.',
    message: p => `Deployment '${p.deployment}' could not be found.`,
    todo: () => 'Check the name and the resource group.',
  } satisfies ErrorKind<{ deployment: string }>,
  DeploymentActive: {
    exit: 2,
    status: 409,
    summary: 'A deployment is to be replaced or deleted while it is at work.',
    message: p =>
      `Unable to edit or replace deployment '${p.deployment}': previous deployment from '${p.since}' is still active.`,
    todo: () => 'Wait for its end, cancel it, or use another name.',
  } satisfies ErrorKind<{ deployment: string; since: string }>,
  DeploymentNotActive: {
    exit: 2,
    status: 409,
    summary: 'A deployment is to be canceled that has ended.',
    message: p => `The deployment '${p.deployment}' cannot be canceled in its state '${p.state}'.`,
    todo: () => 'Nothing is left to be done.',
  } satisfies ErrorKind<{ deployment: string; state: string }>,
  InvalidTemplateDeployment: {
    exit: 2,
    status: 400,
    summary: 'A deployment holds resources that the service cannot take. `details` has one entry for each.',
    message: p =>
      `The template deployment '${p.deployment}' is not valid according to the validation procedure. The tracking id is '${p.tracking}'. See inner errors for details.`,
    todo: () => 'Correct the resources listed.',
  } satisfies ErrorKind<{ deployment: string; tracking: string }>,
  DeploymentFailed: {
    exit: 1,
    status: 409,
    summary: 'At least one resource of a deployment could not be deployed. `details` has one entry for each.',
    message: () =>
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
    todo: () => 'What was deployed stays. Correct what failed and deploy again.',
  } satisfies ErrorKind<object>,
  DeploymentCanceled: {
    exit: 130,
    status: 409,
    summary: 'A deployment was canceled before its end.',
    message: p => `The deployment '${p.deployment}' was canceled.`,
    todo: () => 'What was deployed stays. Deploy again to go on.',
  } satisfies ErrorKind<{ deployment: string }>,
});

export const resourcesError = thrower(resourcesErrors);
