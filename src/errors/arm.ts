import { type ErrorKind, type KilnError, kinds, thrower } from './kiln-error.ts';

/** What the service answers to requests, with Azure Resource Manager's codes and in its words. */
export const armErrors = kinds({
  InvalidUri: {
    exit: 2,
    status: 400,
    summary: 'The path of a request cannot be that of a resource.',
    message: p => `The path of the request is not valid: ${p.reason}.`,
    todo: () => 'Check how the client makes the resource id.',
  } satisfies ErrorKind<{ reason: string }>,
  NotFound: {
    exit: 2,
    status: 404,
    summary: 'No operation has the path of a request.',
    message: p => `There is nothing at ${p.path}.`,
    todo: () => 'Check the resource provider and the resource type in the path.',
  } satisfies ErrorKind<{ path: string }>,
  InvalidResourceNamespace: {
    exit: 2,
    status: 404,
    summary: 'The path of a request names a resource provider that the service does not have.',
    message: p => `The resource namespace '${p.namespace}' is invalid.`,
    todo: p => `The service has ${p.known}.`,
  } satisfies ErrorKind<{ namespace: string; known: string }>,
  InvalidResourceType: {
    exit: 2,
    status: 404,
    summary: 'The path of a request names a resource type that its provider does not have.',
    message: p =>
      `The resource type could not be found in the namespace '${p.namespace}' for api version '${p.apiVersion}'.`,
    todo: p => `GET /subscriptions/<subscription>/providers/${p.namespace} lists its types.`,
  } satisfies ErrorKind<{ namespace: string; apiVersion: string }>,
  HttpMethodNotSupported: {
    exit: 2,
    status: 405,
    summary: 'A resource type or action has no operation for the method of a request.',
    message: p => `The HTTP method '${p.method}' is not supported at '${p.path}'.`,
    todo: p => `It has ${p.allowed}.`,
  } satisfies ErrorKind<{ method: string; path: string; allowed: string }>,
  MissingApiVersionParameter: {
    exit: 2,
    status: 400,
    summary: 'A request has no `api-version`.',
    message: () => 'The api-version query parameter (?api-version=) is required for all requests.',
    todo: () => 'Add it.',
  } satisfies ErrorKind<object>,
  InvalidApiVersionParameter: {
    exit: 2,
    status: 400,
    summary: 'The `api-version` of a request is not the form of one.',
    message: p => `The api-version '${p.apiVersion}' is invalid.`,
    todo: p => `The supported versions are '${p.supported}'.`,
  } satisfies ErrorKind<{ apiVersion: string; supported: string }>,
  NoRegisteredProviderFound: {
    exit: 2,
    status: 400,
    summary: 'The resource type of a request does not have its `api-version`.',
    message: p =>
      `No registered resource provider found for location '${p.location}' and API version '${p.apiVersion}' for type '${p.type}'. The supported api-versions are '${p.supported}'.`,
    todo: () => 'Use one of them.',
  } satisfies ErrorKind<{ location: string; apiVersion: string; type: string; supported: string }>,
  InvalidRequestContent: {
    exit: 2,
    status: 400,
    summary: 'The body of a request is not JSON, or lacks what the operation needs.',
    message: p => `The request content was invalid and could not be deserialized: '${p.reason}'.`,
    todo: () => 'Correct the body.',
  } satisfies ErrorKind<{ reason: string }>,
  RequestContentTooLarge: {
    exit: 2,
    status: 413,
    summary: 'The body of a request is larger than the service takes.',
    message: p => `The request content exceeds the maximum of ${p.limit} bytes.`,
    todo: () => 'Send less: scripts and files are fetched from a URI, not sent in the template.',
  } satisfies ErrorKind<{ limit: number }>,
  SubscriptionNotFound: {
    exit: 2,
    status: 404,
    summary: 'A request is about a subscription that the service does not have.',
    message: p => `The subscription '${p.subscription}' could not be found.`,
    todo: () => 'GET /subscriptions lists those that there are.',
  } satisfies ErrorKind<{ subscription: string }>,
  ResourceGroupNotFound: {
    exit: 2,
    status: 404,
    summary: 'A request is about a resource group that does not exist.',
    message: p => `Resource group '${p.resourceGroup}' could not be found.`,
    todo: () => 'Create it first, e.g. with `az group create`.',
  } satisfies ErrorKind<{ resourceGroup: string }>,
  ResourceGroupBeingDeleted: {
    exit: 2,
    status: 409,
    summary: 'Something is to be made in a resource group that is being deleted.',
    message: p =>
      `The resource group '${p.resourceGroup}' is in deprovisioning state and cannot perform this operation.`,
    todo: () => 'Wait for the end of the deletion.',
  } satisfies ErrorKind<{ resourceGroup: string }>,
  ResourceNotFound: {
    exit: 2,
    status: 404,
    summary: 'A request, or an expression of a deployment template, is about a resource that does not exist.',
    message: p => p.message,
    todo: () => 'Check its name, its resource group and its subscription; a template can also make it.',
  } satisfies ErrorKind<{ message: string }>,
  ParentResourceNotFound: {
    exit: 2,
    status: 404,
    summary: 'A nested resource is to be made, and the resource above it does not exist.',
    message: p =>
      `Failed to perform '${p.method}' on resource(s) of type '${p.type}', because the parent resource '${p.parent}' could not be found.`,
    todo: () => 'Create the parent first.',
  } satisfies ErrorKind<{ method: string; type: string; parent: string }>,
  LocationRequired: {
    exit: 2,
    status: 400,
    summary: 'A resource is to be made without a `location`.',
    message: () => 'The location property is required for this definition.',
    todo: () => 'Add `location` to the body.',
  } satisfies ErrorKind<object>,
  LocationNotAvailableForResourceType: {
    exit: 2,
    status: 400,
    summary: 'A resource is to be made in a region that the service does not know.',
    message: p => `The provided location '${p.location}' is not available for resource type '${p.type}'.`,
    todo: p => `The regions are ${p.known}.`,
  } satisfies ErrorKind<{ location: string; type: string; known: string }>,
  InvalidResourceLocation: {
    exit: 2,
    status: 409,
    summary: 'A resource exists already in another region.',
    message: p =>
      `The resource '${p.resource}' already exists in location '${p.found}'. A resource with the same name cannot be created in location '${p.wanted}'.`,
    todo: () => 'Use the same location, or delete the resource first.',
  } satisfies ErrorKind<{ resource: string; found: string; wanted: string }>,
  InvalidResourceName: {
    exit: 2,
    status: 400,
    summary: 'A resource cannot have the name that a request gives to it.',
    message: p => `The resource name '${p.name}' is not valid for '${p.type}': ${p.rule}.`,
    todo: () => 'Choose another name.',
  } satisfies ErrorKind<{ name: string; type: string; rule: string }>,
  InvalidParameter: {
    exit: 2,
    status: 400,
    summary: 'A property in the body of a request has a value that it cannot have.',
    message: p => `The value of parameter ${p.name} is invalid: ${p.reason}.`,
    todo: () => 'Correct the body.',
  } satisfies ErrorKind<{ name: string; reason: string }>,
  TargetMissing: {
    exit: 2,
    status: 400,
    summary: 'A `PATCH` of `distribute` leaves out a target that the template has.',
    message: p =>
      `Validation failed: Distribute target with Runoutput name ${p.name} not found in the update request. Deleting a distribution target is not allowed.`,
    todo: () => 'Send all targets: those that there are, changed or not, and the new ones.',
  } satisfies ErrorKind<{ name: string }>,
  InvalidFilterInQueryString: {
    exit: 2,
    status: 400,
    summary: 'The `$filter` of a list is not one that the service understands.',
    message: p => `Invalid $filter '${p.filter}' specified in the query string: ${p.reason}.`,
    todo: () => "The form is: property eq 'value', several joined by `and`.",
  } satisfies ErrorKind<{ filter: string; reason: string }>,
  InvalidSkipToken: {
    exit: 2,
    status: 400,
    summary: 'A list is to be continued with something that is no continuation of it.',
    message: () => 'The skip token of the request is not valid.',
    todo: () => 'Follow `nextLink` as it is, or begin from the start.',
  } satisfies ErrorKind<object>,
  Conflict: {
    exit: 2,
    status: 409,
    summary: 'A request is at odds with what exists.',
    message: p => p.message,
    todo: p => p.todo,
  } satisfies ErrorKind<{ message: string; todo: string }>,
  OperationNotAllowed: {
    exit: 2,
    status: 409,
    summary: 'What a request asks for cannot be done in the state in which the resource is.',
    message: p => `Operation '${p.operation}' is not allowed ${p.state}.`,
    todo: p => p.todo ?? 'Wait until the other operation has ended, or cancel it.',
  } satisfies ErrorKind<{ operation: string; state: string; todo?: string }>,
  ResourceInUse: {
    exit: 2,
    status: 409,
    summary: 'A resource cannot be deleted because others use it.',
    message: p => `Resource '${p.resource}' cannot be deleted because it is in use by ${p.by}.`,
    todo: () => 'Delete those first.',
  } satisfies ErrorKind<{ resource: string; by: string }>,
  OperationNotFound: {
    exit: 2,
    status: 404,
    summary: 'A client asks for a long-running operation that there is none of.',
    message: p => `The operation '${p.id}' could not be found.`,
    todo: () => 'Operations are forgotten some days after their end.',
  } satisfies ErrorKind<{ id: string }>,
  TooManyRequests: {
    exit: 1,
    status: 429,
    summary: 'More was asked of the service at once than it takes.',
    message: p => `Too many requests: ${p.what}.`,
    todo: () => 'Try again later.',
  } satisfies ErrorKind<{ what: string }>,
});

export const armError = thrower(armErrors);

/** @param resource type and name, e.g. `Microsoft.Compute/images/web` */
export function resourceNotFound(resource: string, resourceGroup: string | undefined): KilnError {
  const where = resourceGroup === undefined ? '' : ` under resource group '${resourceGroup}'`;
  const help =
    resourceGroup === undefined ? '' : ' For more details please go to https://aka.ms/ARMResourceNotFoundFix';
  return armError('ResourceNotFound', { message: `The Resource '${resource}'${where} was not found.${help}` });
}
