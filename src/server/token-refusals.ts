/** An answer of a token endpoint that is not a token: RFC 6749's code, and Azure's number and sentence, which clients show. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly number: number;
  readonly sentence: string;
}

export const refusals = {
  missing: (parameter: string): Refusal => ({
    ...{ status: 400, error: 'invalid_request', number: 900144 },
    sentence: `The request body must contain the following parameter: '${parameter}'.`,
  }),
  unreadable: (reason: string): Refusal => ({
    ...{ status: 400, error: 'invalid_request', number: 9000411 },
    sentence: `The request is not properly formatted: ${reason}`,
  }),
  grantType: (grant: string): Refusal => ({
    ...{ status: 400, error: 'unsupported_grant_type', number: 70003 },
    sentence: `The app requested an unsupported grant type '${grant}'. This service issues tokens for 'client_credentials' only.`,
  }),
  noSecret: (): Refusal => ({
    ...{ status: 401, error: 'invalid_client', number: 7000216 },
    sentence: "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type.",
  }),
  assertionType: (): Refusal => ({
    ...{ status: 400, error: 'invalid_request', number: 50027 },
    sentence:
      "The 'client_assertion' is a JWT, and 'client_assertion_type' is 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'.",
  }),
  wrongAssertion: (clientId: string): Refusal => ({
    ...{ status: 401, error: 'invalid_client', number: 700027 },
    sentence: `Client assertion failed signature validation, is not for this service, or has expired. App: '${clientId}'.`,
  }),
  unknownClient: (clientId: string, tenantId: string): Refusal => ({
    ...{ status: 400, error: 'unauthorized_client', number: 700016 },
    sentence: `Application with identifier '${clientId}' was not found in the directory '${tenantId}'. 'kiln principal list' shows those that there are.`,
  }),
  wrongSecret: (clientId: string): Refusal => ({
    ...{ status: 401, error: 'invalid_client', number: 7000215 },
    sentence: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
  }),
  expiredSecret: (clientId: string): Refusal => ({
    ...{ status: 401, error: 'invalid_client', number: 7000222 },
    sentence: `The provided client secret keys or certificate of app '${clientId}' are expired. Make a new secret: 'kiln principal secret ${clientId}'.`,
  }),
  disabled: (clientId: string): Refusal => ({
    ...{ status: 401, error: 'unauthorized_client', number: 7000112 },
    sentence: `Application '${clientId}' is disabled.`,
  }),
  busy: (clientId: string): Refusal => ({
    ...{ status: 429, error: 'temporarily_unavailable', number: 90055 },
    sentence: `There are too many attempts to log in as '${clientId}' at the moment. Wait a few seconds and try again.`,
  }),
  scope: (scope: string): Refusal => ({
    ...{ status: 400, error: 'invalid_scope', number: 1002012 },
    sentence: `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  }),
  resource: (resource: string, tenantId: string, known: readonly string[]): Refusal => ({
    ...{ status: 400, error: 'invalid_resource', number: 500011 },
    sentence: `The resource principal named ${resource} was not found in the tenant named ${tenantId}. This service issues tokens for: ${known.join(', ')}.`,
  }),
};
