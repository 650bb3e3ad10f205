import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { ErrorBody } from '../../src/events/build-event.ts';
import { type BuildSite, buildSite } from './build-fixture.ts';
import { type CliSite, cliSite } from './cli-fixture.ts';

export const PAGE = fileURLToPath(new URL('../../docs/azure-errors.md', import.meta.url));

/** An error of the service that its documentation, its release notes or its issues show. */
export interface DocumentedError {
  readonly id: number;
  /** The part of its text by which it is recognised. */
  readonly text: string;
  /** Codes of what Kiln says in that situation; none where nothing fails. */
  readonly says: readonly string[];
  /** Why it cannot occur in Kiln. `says` has then what refuses the situation beforehand. */
  readonly why?: string;
}

/** Numbers of the errors: of templates, of runs and their logs, of updates, of refused operations. */
const GROUPS = [numbers(1, 16), numbers(20, 40), numbers(50, 51), numbers(60, 61)];
export const IDS: readonly number[] = GROUPS.flat();

const NO_IDENTITY =
  'Kiln acts for whoever runs it: there are no identities that could lack, lose or need a permission.';
const NO_CONTAINER = 'A build needs no container of Azure.';
const NO_WINDOWS = 'Nothing runs on Windows sources yet.';
const NO_CLOUD = 'A build leaves no network interface, address or endpoint that would have to be taken apart.';
const NO_RESOURCE = 'A template is a file: it may be changed and built again at any time.';

export const DOCUMENTED_ERRORS: readonly DocumentedError[] = [
  { id: 1, text: "Field 'imageId' has a bad value", says: ['ValidationFailed'] },
  { id: 2, text: "Missing field 'identity'", says: ['ValidationFailed'] },
  { id: 3, text: "Field 'distribute[0].type' has a bad value: ''", says: ['ValidationFailed'] },
  { id: 4, text: 'Unmarshalling entity encountered error', says: ['ValidationFailed'] },
  { id: 5, text: 'Update/Upgrade of image templates is currently not supported', says: [], why: NO_RESOURCE },
  { id: 6, text: 'The assigned managed identity cannot be used', says: ['FeatureUnavailable'], why: NO_IDENTITY },
  { id: 7, text: 'Not authorized to access the resource', says: ['DownloadFailed'] },
  {
    id: 8,
    text: "The resource operation completed with terminal provisioning state 'Failed'",
    says: ['BadStagingResourceGroup'],
  },
  { id: 9, text: 'Build (Managed Image) step failed', says: ['BadManagedImageSource'] },
  { id: 10, text: 'Build (Shared Image Version) step failed', says: ['BadSharedImageVersionSource'] },
  { id: 11, text: 'Downloading external file', says: ['ArtifactNotFound', 'DownloadFailed'] },
  {
    id: 12,
    text: "does not have authorization to perform action 'Microsoft.Compute/disks/write'",
    says: ['FeatureUnavailable'],
    why: NO_IDENTITY,
  },
  { id: 13, text: 'Internal error occurred. This is a generic error.', says: ['Defect'] },
  {
    id: 14,
    text: "The subscription is not registered for the resource type 'imageTemplates'",
    says: [],
    why: 'There is nothing to register: a subscription is a name in a resource id.',
  },
  {
    id: 15,
    text: 'Managed identity is required for building this template using current API version',
    says: ['ValidationFailed'],
  },
  {
    id: 16,
    text: 'The template deployment failed because of policy violation',
    says: [],
    why: 'A build makes no resources in a subscription, to which a policy could apply.',
  },
  { id: 20, text: 'Packer build command has failed: exit status 1', says: ['StepFailed'] },
  { id: 21, text: 'During the image build a failure has occurred', says: ['StepFailed'] },
  {
    id: 22,
    text: "Timeout waiting for microservice to complete: 'context deadline exceeded'",
    says: ['BuildTimedOut'],
  },
  { id: 23, text: "[ERROR] complete: 'context deadline exceeded'", says: ['BuildTimedOut'] },
  { id: 24, text: 'Error publishing MDI to Azure Compute Gallery', says: ['BuildTimedOut'] },
  { id: 25, text: 'network.InterfacesClient#UpdateTags', says: [], why: NO_CLOUD },
  {
    id: 26,
    text: 'Azure Container Instances provider not registered for your subscription',
    says: [],
    why: NO_CONTAINER,
  },
  { id: 27, text: 'Azure Container Instances quota exceeded', says: [], why: NO_CONTAINER },
  {
    id: 28,
    text: 'Too many Azure Container Instances deployed within a period of time',
    says: [],
    why: NO_CONTAINER,
  },
  { id: 29, text: 'client_jwt will expire within 5 minutes', says: ['ValidationFailed'] },
  ...[
    { id: 30, text: 'A system shutdown has already been scheduled.(1190)' },
    { id: 31, text: 'A system shutdown is in progress.(1115)' },
    { id: 32, text: 'IMAGE_STATE_UNDEPLOYABLE' },
  ].map(error => ({ ...error, says: ['WindowsSourceUnavailable'], why: NO_WINDOWS })),
  { id: 33, text: 'Remote command exited without exit status or exit signal', says: ['GuestConnectionLost'] },
  ...[
    { id: 34, text: 'COMException (0x80240016)' },
    { id: 35, text: 'Windows update script exited with non-zero exit status: 267014' },
  ].map(error => ({ ...error, says: ['WindowsSourceUnavailable'], why: NO_WINDOWS })),
  { id: 36, text: 'PublicIPAddressCannotBeDeleted', says: [], why: NO_CLOUD },
  { id: 37, text: 'NicInUseWithPrivateEndpoint', says: [], why: NO_CLOUD },
  {
    id: 38,
    text: 'Builds finished but no artifacts were created',
    says: [],
    why: 'No other program builds the image, so none has an opinion of its own about the end.',
  },
  { id: 39, text: 'Deprovisioning script [c:\\DeprovisioningScript.ps1] could not be found', says: [] },
  { id: 40, text: 'Failed in distributing 1 images out of total 1', says: ['DistributeFailed'] },
  { id: 50, text: 'Deleting a distribution target is not allowed', says: [], why: NO_RESOURCE },
  {
    id: 51,
    text: "'ImageTemplate.properties.distribute[<index>]': Missing field <fieldname>",
    says: ['ValidationFailed'],
  },
  {
    id: 60,
    text: 'is not allowed in provisioning state: provisioned or run state: running',
    says: ['RunIsActive'],
  },
  { id: 61, text: "is not allowed in provisioningState: 'creating'", says: ['SourceInUse'] },
];

/** Brings about what some documented errors are about, in Kiln. */
export interface Cause {
  readonly ids: readonly number[];
  readonly name: string;
  /** Makes it happen, checks what is said, and returns the codes that were. */
  run(place: Place): Promise<readonly string[]>;
}

/** One home, for the engine on machines that are not real and for the command line. */
export interface Place extends AsyncDisposable {
  readonly site: BuildSite;
  readonly cli: CliSite;
}

export async function makePlace(): Promise<Place> {
  const site = await buildSite();
  const cli = await cliSite(site.root);
  return { site, cli, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

/** Runs a cause and compares what it says with what `DOCUMENTED_ERRORS` has. */
export async function runCause({ ids, run }: Cause, place: Place): Promise<void> {
  const said = await run(place);
  for (const id of ids) expect(said).toEqual(DOCUMENTED_ERRORS.find(error => error.id === id)?.says);
}

/** What a command that is to fail says in its JSON document. */
export async function refusal(
  cli: CliSite,
  command: 'build' | 'validate',
  template: object,
  ...options: readonly string[]
): Promise<ErrorBody & { readonly exitCode: number | undefined }> {
  const file = await cli.write('refused.json', template);
  const { exitCode, stdout, stderr } = await cli.kiln(command, file, '--output', 'json', ...options);
  expect(exitCode, stderr).not.toBe(0);
  const { error } = JSON.parse(stdout) as { readonly error: ErrorBody };
  return { ...error, exitCode };
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
