import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSiteConfig } from '../../config/site-config.ts';
import { ensureGallery, ensureResourceGroup } from '../../galleries/ensure.ts';
import { publishManagedImage } from '../../galleries/managed-image.ts';
import { parseGalleryImageId, parseManagedImageId } from '../../galleries/resource-id.ts';
import { HostQueue } from '../../jobs/host-queue.ts';
import { insertResource } from '../../store/resources.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import { isObject } from '../request-body.ts';
import { virtualMachineImages } from './provider.ts';

type Json = Readonly<Record<string, unknown>>;

/** A request of an API description and what is said to be the answer to it. */
export interface Exchange {
  readonly version: string;
  readonly example: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  /** The statuses that the description documents for the operation. */
  readonly statuses: readonly number[];
  readonly parameters: Json;
  readonly responses: Readonly<Record<string, { readonly body?: Json; readonly headers?: Json }>>;
}

const FOLDER = new URL('../../../tests/spec-examples/', import.meta.url);
const IDENTITY = `/subscriptions/${SUBSCRIPTION}/resourcegroups/rg1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity_1`;

/** Every exchange of every version, with what a site has in place of what stands for something. */
export function specExchanges(): readonly Exchange[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(({ name: version }) => {
      const text = readFileSync(new URL(`${version}/exchanges.json`, FOLDER), 'utf8');
      return (JSON.parse(filled(text)) as Omit<Exchange, 'version'>[]).map(one => ({ ...one, version }));
    });
}

// The placeholders; a gallery that is called `gallery` in its id; a brace too many.
function filled(text: string): string {
  return text
    .replaceAll('{subscription-id}', SUBSCRIPTION)
    .replaceAll('/subscriptions/00000000-0000-0000-0000-000000000000', `/subscriptions/${SUBSCRIPTION}`)
    .replaceAll('1_location', 'westus')
    .replaceAll('Microsoft.Compute/gallery/', 'Microsoft.Compute/galleries/')
    .replaceAll('{updated_vmsize}', 'Standard_D4s_v3')
    .replaceAll(
      /\{updated_aci_subnet\}+/g,
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/myResourceGroup/providers/Microsoft.Network/virtualNetworks/vnetname/subnets/aci`,
    );
}

/** A site with all that the examples refer to: groups, an identity, images to start from. Scripts are not fetched from anywhere. */
export async function specSite(): Promise<ProviderFixture> {
  const fixture = await providerFixture(
    given => {
      const services = { ...given, builds: new HostQueue({ services: given, log: () => undefined }) };
      return [virtualMachineImages(services)];
    },
    {
      config: parseSiteConfig('aliases: { "Canonical:UbuntuServer:18.04-LTS": "Debian:debian-12:12-gen2" }', 'config'),
      fetchArtifact: async ({ uri }, directory) => {
        const sha256 = createHash('sha256').update(uri).digest('hex');
        const path = join(directory, sha256);
        await writeFile(path, uri);
        return { uri, path, sha256, sizeBytes: uri.length };
      },
    },
  );
  const { store } = fixture;
  const scope = `/subscriptions/${SUBSCRIPTION}/resourceGroups`;
  const options = { location: 'westus', tags: {}, strict: false, emit: () => undefined };
  for (const group of ['rg1', 'source_rg']) {
    await publishManagedImage(store, {
      ...{ ...options, signal: new AbortController().signal },
      id: parseManagedImageId(`${scope}/${group}/providers/Microsoft.Compute/images/source_image`),
      disk: async () => ({
        ...(await fixture.file('disk')),
        ...{ virtualSizeBytes: 4096, os: 'Linux', generation: 'V2', runId: 'before', dataDisks: [] },
        ...{ sourceDigest: 'kdt1:source', sourceName: 'Debian:debian-12:12-gen2:12.0.1', takeOver: () => false },
      }),
    });
  }
  const definition = `${scope}/rg1/providers/Microsoft.Compute/galleries/baseimages/images/baseimage`;
  await ensureGallery(store, parseGalleryImageId(definition), { os: 'Linux', generation: 'V2' }, options);
  await store.write(async trx => {
    for (const resourceGroup of ['myResourceGroup', 'myOtherResourceGroup']) {
      await ensureResourceGroup(trx, { subscription: SUBSCRIPTION, resourceGroup }, options);
    }
    await insertResource(trx, {
      id: IDENTITY,
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
      ...{ parentKey: undefined, location: 'westus', tags: {}, internal: {}, provisioningState: 'Succeeded' },
      body: { properties: { principalId: 'p', clientId: 'c', tenantId: 't' } },
      createdBy: undefined,
    });
  });
  return fixture;
}

/** A body without what Kiln refuses: media to install from, networks of Azure. The source is a platform image then. */
export function buildable(body: Json): Json {
  const { source, vmProfile, ...properties } = (body['properties'] ?? {}) as Readonly<Record<string, Json>>;
  const { vnetConfig: _, ...machine } = vmProfile ?? {};
  return {
    ...body,
    properties: {
      ...properties,
      ...(source === undefined ? {} : { source: source['type'] === 'ISO' ? PLATFORM_IMAGE : source }),
      ...(vmProfile === undefined ? {} : { vmProfile: machine }),
    },
  };
}

/** What a client would have sent to make a template that is shown like this. */
export function bodyThatMade({ location, tags, identity, properties }: Json): Json {
  return buildable({
    ...{ location, properties },
    ...(tags === undefined ? {} : { tags }),
    ...(identity === undefined
      ? {}
      : { identity: { type: 'UserAssigned', userAssignedIdentities: { [IDENTITY]: {} } } }),
  });
}

const PLATFORM_IMAGE = {
  ...{ type: 'PlatformImage', publisher: 'Canonical', offer: 'UbuntuServer', sku: '18.04-LTS', version: 'latest' },
};

/** A template that a trigger can run, with targets of these names. */
export function template(version: string, outputs: readonly string[]): Json {
  const distribute = outputs.map(runOutputName => ({ type: 'VHD', runOutputName }));
  const identity = version < '2019-05' ? {} : { identity: {} };
  return bodyThatMade({ location: 'westus', ...identity, properties: { source: PLATFORM_IMAGE, distribute } });
}

/** Objects whose members are names that somebody chose. */
const MAPS = new Set(['tags', 'artifactTags', 'userAssignedIdentities', 'managedResourceTags']);

/** How the shape of `got` differs from that of `said`: members that are missing, added, or of another type. */
export function differences(said: unknown, got: unknown, path = ''): readonly string[] {
  const kind = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);
  if (kind(said) !== kind(got)) return [`${kind(got)} instead of ${kind(said)}: ${path}`];
  if (Array.isArray(said) && Array.isArray(got)) {
    const length = said.length === got.length ? [] : [`${got.length} instead of ${said.length} elements: ${path}`];
    return [...length, ...said.flatMap((one, i) => (i < got.length ? differences(one, got[i], `${path}[]`) : []))];
  }
  if (!isObject(said) || !isObject(got)) return [];
  const member = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (MAPS.has(path.slice(path.lastIndexOf('.') + 1))) {
    const [one, other] = [Object.values(said)[0], Object.values(got)[0]];
    return one === undefined || other === undefined ? [] : differences(one, other, `${path}.*`);
  }
  return [
    ...Object.keys(said).flatMap(name =>
      name in got ? differences(said[name], got[name], member(name)) : [`missing: ${member(name)}`],
    ),
    ...Object.keys(got).flatMap(name => (name in said ? [] : [`added: ${member(name)}`])),
  ];
}
