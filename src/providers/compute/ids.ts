import type { DefinitionId, ManagedImageId, VersionId } from '../../galleries/resource-id.ts';
import type { ArmRequest } from '../provider.ts';

type Params = Pick<ArmRequest, 'params'>;

/** Ids by the names in the path of a request. */
export function imageIdIn({ params }: Params): ManagedImageId {
  const { subscriptionId = '', resourceGroupName = '', imageName = '' } = params;
  return { subscription: subscriptionId, resourceGroup: resourceGroupName, image: imageName };
}

export function galleryIdIn({ params }: Params): Omit<DefinitionId, 'definition'> {
  const { subscriptionId = '', resourceGroupName = '', galleryName = '' } = params;
  return { subscription: subscriptionId, resourceGroup: resourceGroupName, gallery: galleryName };
}

export function definitionIdIn(request: Params): DefinitionId {
  return { ...galleryIdIn(request), definition: request.params['galleryImageName'] ?? '' };
}

export function versionIdIn(request: Params): VersionId {
  return { ...definitionIdIn(request), version: request.params['galleryImageVersionName'] ?? '' };
}
