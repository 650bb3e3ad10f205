import { readFileSync } from 'node:fs';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ImageBuilderClient, type ImageTemplate, isRestError } from '@azure/arm-imagebuilder';
import { ResourceManagementClient } from '@azure/arm-resources';
import type { AccessToken, TokenCredential } from '@azure/core-auth';
import { expect } from 'vitest';
import { credentials, type RunningService } from './serve-fixture.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

/** The official clients, at a service. */
export interface Clients {
  readonly images: ImageBuilderClient;
  readonly compute: ComputeManagementClient;
  readonly resources: ResourceManagementClient;
}

/** What `ClientSecretCredential` does, without the questions that it asks Azure first. */
export class ServiceCredential implements TokenCredential {
  private readonly service: RunningService;
  private readonly clientId: string;
  private readonly secret: string;

  constructor(service: RunningService, { clientId, secret }: { readonly clientId: string; readonly secret: string }) {
    this.service = service;
    this.clientId = clientId;
    this.secret = secret;
  }

  async getToken(scopes: string | string[]): Promise<AccessToken> {
    const answer = await this.service.askToken({
      ...credentials(this.service.ready.url, this.clientId, this.secret),
      scope: [scopes].flat().join(' '),
    });
    const { access_token: token, expires_in: seconds } = answer.json();
    if (typeof token !== 'string') throw new Error(`no token: ${answer.text}`);
    return { token, expiresOnTimestamp: Date.now() + Number(seconds) * 1000 };
  }
}

/** @param pageSize most of a list that an answer may hold */
export function clientsOf(service: RunningService, credential: TokenCredential, pageSize?: number): Clients {
  const { url, authority } = service.ready;
  const options = {
    endpoint: url,
    ...(authority === null ? {} : { tlsOptions: { ca: readFileSync(authority, 'utf8') } }),
  };
  const clients = {
    images: new ImageBuilderClient(credential, SUBSCRIPTION, options),
    compute: new ComputeManagementClient(credential, SUBSCRIPTION, options),
    resources: new ResourceManagementClient(credential, SUBSCRIPTION, options),
  };
  if (pageSize === undefined) return clients;
  // The clients have no option for it.
  clients.images.pipeline.addPolicy({
    name: 'page size',
    sendRequest: (request, next) => {
      const asked = new URL(request.url);
      const isList = request.method === 'GET' && /\/(imageTemplates|runOutputs|triggers)$/i.test(asked.pathname);
      if (isList) asked.searchParams.set('$top', String(pageSize));
      return next(Object.assign(request, { url: asked.href }));
    },
  });
  return clients;
}

/** A template with the members that none can do without; only what a test is about is stated. */
export function imageTemplate(identity: string, more: Partial<ImageTemplate>): ImageTemplate {
  return { location: 'local', identity: { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } }, ...more };
}

/** The call has to be refused, as the clients tell it. */
export async function refused(call: PromiseLike<unknown>, statusCode: number, code: string): Promise<string> {
  const error = await Promise.resolve(call).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isRestError(error), String(error)).toBe(true);
  expect(error).toMatchObject({ statusCode, code });
  return error instanceof Error ? error.message : '';
}

/** All of a list. */
export async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}
