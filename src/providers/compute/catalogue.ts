import { armError } from '../../errors/arm.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { allImages, type FoundImage, findImage, type KnownImages } from '../../sources/find-image.ts';
import { compareImageVersions, imageKey } from '../../sources/image-name.ts';
import { knownImages } from '../../sources/platform-image.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { LOCATION } from './places.ts';

const PUBLISHERS = `${LOCATION}/publishers`;
const OFFERS = `${PUBLISHERS}/{publisher}/artifacttypes/vmimage/offers`;
const SKUS = `${OFFERS}/{offer}/skus`;
const VERSIONS = `${SKUS}/{sku}/versions`;

/** One name of an image that can be asked for here: the catalogue's own, or an alias of the site. */
interface NamedImage {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly image: FoundImage;
}

/** The images that templates can name as `PlatformImage`. They are the same in every region. */
export function catalogueOperations(services: Pick<ProviderServices, 'home' | 'config'>): readonly ArmOperation[] {
  const action = 'Microsoft.Compute/locations/publishers/read';
  const operation = (path: string, handle: ArmOperation['handle']): ArmOperation => ({
    method: 'GET',
    path,
    action,
    handle,
  });
  const part = (name: 'publisher' | 'offer' | 'sku') => async (request: ArmRequest) => {
    const images = await imagesAt(services, request);
    return listed(request, [...new Map(images.map(one => [imageKey(one[name]), one[name]])).values()].sort(byText));
  };
  return [
    operation(PUBLISHERS, part('publisher')),
    operation(OFFERS, part('offer')),
    operation(SKUS, part('sku')),
    operation(VERSIONS, async request => listVersions(await imagesAt(services, request), request)),
    operation(`${VERSIONS}/{version}`, async request => {
      const { version = '' } = request.params;
      const found = (await imagesAt(services, request)).find(({ image }) => {
        return /^\d+\.\d+\.\d+$/.test(version) && compareImageVersions(image.version, version) === 0;
      });
      if (found === undefined) throw unknown(request);
      return { status: 200, body: { ...entry(request, version), properties: propertiesOf(found.image) } };
    }),
  ];
}

/**
 * The images below the path of a request.
 *
 * @throws KilnError `PlatformImageNotFound` where there are none, but for the list of publishers.
 */
async function imagesAt(
  { home, config }: Pick<ProviderServices, 'home' | 'config'>,
  request: ArmRequest,
): Promise<readonly NamedImage[]> {
  const { publisher, offer, sku } = request.params;
  const known = await knownImages({ home, config });
  const all = [...allImages(known).map(image => named(image.name, image)), ...aliased(known, config.aliases)];
  const found = all.filter(
    image => isSame(image.publisher, publisher) && isSame(image.offer, offer) && isSame(image.sku, sku),
  );
  if (found.length === 0 && publisher !== undefined) throw unknown(request);
  return found;
}

/** An alias of the site is a name that templates can use; what it stands for has one version here, its newest. */
function aliased(known: KnownImages, aliases: Readonly<Record<string, string>>): readonly NamedImage[] {
  const names = new Map(allImages(known).map(({ name }) => [imageKey(name), name]));
  return Object.entries(aliases).flatMap(([alias, target]) => {
    const [publisher, offer, sku, version = 'latest'] = target.split(':');
    const name = names.get(imageKey([publisher, offer, sku].join(':')));
    return name === undefined ? [] : [named(alias, findImage(known, name, version))];
  });
}

function named(name: string, image: FoundImage): NamedImage {
  const [publisher = '', offer = '', sku = ''] = name.split(':');
  return { publisher, offer, sku, image };
}

function listVersions(images: readonly NamedImage[], request: ArmRequest): ArmResponse {
  const { searchParams: query } = request.url;
  const versions = new Map(images.map(({ image }) => [image.version, image]));
  const sorted = [...versions.values()].sort((a, b) => compareImageVersions(a.version, b.version));
  const order = query.get('$orderby')?.trim() ?? 'name asc';
  const [, direction] = /^name(?:\s+(asc|desc))?$/i.exec(order) ?? [];
  if (!/^name(\s+(asc|desc))?$/i.test(order)) {
    throw armError('InvalidParameter', { name: '$orderby', reason: 'it is neither `name asc` nor `name desc`' });
  }
  if (direction?.toLowerCase() === 'desc') sorted.reverse();
  const top = topOf(query);
  const expand = query.get('$expand')?.toLowerCase() === 'properties';
  const shown = sorted.slice(0, top).map(image => ({
    ...entry(request, image.version, image.version),
    ...(expand ? { properties: propertiesOf(image) } : {}),
  }));
  return { status: 200, body: shown };
}

function listed(request: ArmRequest, names: readonly string[]): ArmResponse {
  return { status: 200, body: names.slice(0, topOf(request.url.searchParams)).map(name => entry(request, name, name)) };
}

function topOf(query: URLSearchParams): number | undefined {
  const top = query.get('$top');
  if (top === null) return undefined;
  const number = Number(top);
  if (Number.isInteger(number) && number >= 1) return number;
  throw armError('InvalidParameter', { name: '$top', reason: 'it is not a whole number above 0' });
}

/** @param child name of the entry, of one that is in a list */
function entry({ id, params }: ArmRequest, name: string, child?: string) {
  return { location: params['location'], name, id: child === undefined ? id : `${id}/${child}` };
}

function propertiesOf({ os, generation, planInfo, securityType }: FoundImage) {
  return {
    ...(planInfo === undefined
      ? {}
      : { plan: { name: planInfo.planName, product: planInfo.planProduct, publisher: planInfo.planPublisher } }),
    osDiskImage: { operatingSystem: os },
    dataDiskImages: [],
    hyperVGeneration: generation,
    architecture: 'x64',
    ...(securityType === undefined || securityType === 'Standard'
      ? {}
      : { features: [{ name: 'SecurityType', value: securityType }] }),
    automaticOSUpgradeProperties: { automaticOSUpgradeSupported: false },
  };
}

function unknown({ params }: ArmRequest) {
  const { publisher, offer, sku, version } = params;
  return resourceTypeError('PlatformImageNotFound', {
    name: [publisher, offer, sku, version].filter(part => part !== undefined).join(':'),
  });
}

function isSame(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || imageKey(name) === imageKey(wanted);
}

function byText(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}
