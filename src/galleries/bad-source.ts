import { storeError } from '../errors/store.ts';
import {
  definitionId,
  type GroupId,
  type ManagedImageId,
  managedImageId,
  typeAndName,
  type VersionId,
} from './resource-id.ts';

/** Why a published image cannot be the source of a template, as Azure says it where it is known how. */

const LIST = '`kiln image list` shows what is published.';
const FAILED =
  'Failure responding to request: StatusCode=404 -- Original Error: autorest/azure: Service returned an error.';

export function managedImageMissing(id: ManagedImageId): Error {
  const path = managedImageId(id);
  const problem =
    `Build (Managed Image) step failed: Error getting Managed Image '${path}': Error getting managed image ` +
    `(${id.resourceGroup}:${id.image}): compute.ImagesClient#Get: ${notFound(path, id)} No such image is published here.`;
  return storeError('BadManagedImageSource', { problem, todo: LIST });
}

/** For `latest`: none that counts. */
export function versionMissing(id: VersionId): Error {
  const path = `${definitionId(id)}/versions/${id.version}`;
  const short = [id.resourceGroup, id.gallery, id.definition, id.version].join(':');
  const none =
    id.version.toLowerCase() === 'latest'
      ? 'There is no version that is not excluded from latest.'
      : 'No such version is published here.';
  const problem =
    `Build (Shared Image Version) step failed for Image Version '${path}': Error getting Image Version '${path}': ` +
    `Error getting image version '${short}': compute.GalleryImageVersionsClient#Get: ${notFound(path, id)} ${none}`;
  return storeError('BadSharedImageVersionSource', { problem, todo: LIST });
}

export function versionElsewhere(id: string, region: string, found: string): Error {
  const problem = `The image version ${id} has no copy in ${region}, the region of the template (it has: ${found}).`;
  const todo = 'Replicate the version to that region, change the location of the template, or leave out `--strict`.';
  return storeError('BadSharedImageVersionSource', { problem, todo });
}

/** @param what e.g. `security type TrustedLaunch` */
export function versionUnusable(id: string, what: string): Error {
  const problem = `Nothing can be built from the image version ${id}: its definition is for ${what}.`;
  const todo =
    'Use a version of a definition for generalized images, whose security type is none or one of the `…Supported` ones.';
  return storeError('BadSharedImageVersionSource', { problem, todo });
}

/** @param where e.g. `in the region westus`; `wanted` says the same of the template */
export function managedImageElsewhere(id: string, where: string, wanted: string): Error {
  const problem = `The managed image ${id} is ${where}, the template ${wanted}. A source image and its template share both.`;
  const todo = 'Use an image beside the template, change the template, or leave out `--strict`.';
  return storeError('BadManagedImageSource', { problem, todo });
}

function notFound(id: string, { resourceGroup }: GroupId): string {
  const message = `The Resource '${typeAndName(id)}' under resource group '${resourceGroup}' was not found.`;
  return `${FAILED} Status=404 Code="ResourceNotFound" Message="${message}"`;
}
