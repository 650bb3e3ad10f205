import { pageBody, pageOf } from '../../arm/paging.ts';
import { outputsOfRun, type StoredRunOutput } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { notFound } from '../stored-type.ts';
import { RUN_OUTPUT, RUN_OUTPUTS, TEMPLATE_TYPE } from './places.ts';
import type { StoredTemplate } from './stored-template.ts';
import { lastRun, requireTemplate, templateId } from './templates.ts';

const TYPE = `${TEMPLATE_TYPE}/runOutputs`;

/** Operations on what the last run of a template published. */
export function runOutputOperations(store: Store): readonly ArmOperation[] {
  const action = `${TYPE}/read`;
  return [
    { method: 'GET', path: RUN_OUTPUTS, action, handle: request => list(store, request) },
    { method: 'GET', path: RUN_OUTPUT, action, handle: request => get(store, request) },
  ];
}

async function list(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const template = await requireTemplate(store.db, templateId(request));
  const page = pageOf(request.url.searchParams);
  const keyOf = (output: StoredRunOutput) => `/${output.name.toLowerCase()}`;
  const all = [...(await outputsOf(store, template))].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = all.filter(output => page.after === undefined || keyOf(output) > page.after);
  return { status: 200, body: pageBody(rest, page, request.url, one => show(one, template, request), keyOf) };
}

async function get(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const template = await requireTemplate(store.db, templateId(request));
  const name = request.params['runOutputName'] ?? '';
  const output = (await outputsOf(store, template)).find(one => one.name.toLowerCase() === name.toLowerCase());
  if (output === undefined) throw notFound(request.id);
  return { status: 200, body: show(output, template, request) };
}

async function outputsOf(store: Store, { resource }: StoredTemplate): Promise<readonly StoredRunOutput[]> {
  const run = await lastRun(store.db, resource.key);
  return run === undefined ? [] : outputsOfRun(store, run.id);
}

function show(output: StoredRunOutput, { resource, state }: StoredTemplate, request: ArmRequest) {
  return {
    properties: {
      ...(output.artifactId === undefined ? {} : { artifactId: output.artifactId }),
      ...(output.artifactUri === undefined
        ? {}
        : { artifactUri: reachable(output.artifactUri, state.storageAccount, request.baseUrl) }),
      provisioningState: 'Succeeded',
    },
    id: `${resource.id}/runOutputs/${output.name}`,
    name: output.name,
    type: TYPE,
  };
}

/** What lies in the template's own storage account is there under the service's address. */
export function reachable(uri: string, account: string, baseUrl: string): string {
  if (!URL.canParse(uri)) return uri;
  const { hostname, pathname } = new URL(uri);
  return account !== '' && hostname.startsWith(`${account}.`) ? `${baseUrl}/blobs/${account}${pathname}` : uri;
}
