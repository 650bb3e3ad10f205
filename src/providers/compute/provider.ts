import { operationStatus } from '../operation-status.ts';
import type { Provider, ResourceTypeInfo } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { catalogueOperations } from './catalogue.ts';
import { CopyProgress } from './copy-progress.ts';
import { definitionOperations } from './definitions.ts';
import { galleryOperations } from './galleries.ts';
import { imageWorks } from './image-works.ts';
import { imageOperations } from './images.ts';
import { NAMESPACE } from './places.ts';
import { versionWorks } from './version-works.ts';
import { versionOperations } from './versions.ts';
import { vmSizeOperations } from './vm-sizes.ts';

const GALLERY_VERSIONS = [
  ...['2025-03-03', '2024-03-03', '2023-07-03', '2022-08-03', '2022-03-03', '2022-01-03', '2021-10-01', '2021-07-01'],
  ...['2020-09-30', '2019-12-01', '2019-07-01', '2019-03-01', '2018-06-01'],
];
const IMAGE_VERSIONS = [
  ...['2024-11-01', '2024-07-01', '2024-03-01', '2023-09-01', '2023-07-01', '2023-03-01', '2022-11-01', '2022-08-01'],
  ...['2022-03-01', '2021-11-01', '2021-07-01', '2021-04-01', '2021-03-01', '2020-12-01', '2020-06-01', '2019-12-01'],
  ...['2019-07-01', '2019-03-01', '2018-10-01', '2018-06-01', '2018-04-01', '2017-12-01', '2017-03-30'],
];

const TYPES: readonly ResourceTypeInfo[] = [
  { resourceType: 'images', apiVersions: IMAGE_VERSIONS, tracked: true },
  { resourceType: 'galleries', apiVersions: GALLERY_VERSIONS, tracked: true },
  { resourceType: 'galleries/images', apiVersions: GALLERY_VERSIONS, tracked: true },
  { resourceType: 'galleries/images/versions', apiVersions: GALLERY_VERSIONS, tracked: true },
  { resourceType: 'locations', apiVersions: IMAGE_VERSIONS, tracked: false },
  { resourceType: 'locations/operations', apiVersions: IMAGE_VERSIONS, tracked: false },
  { resourceType: 'locations/vmSizes', apiVersions: IMAGE_VERSIONS, tracked: false },
  { resourceType: 'locations/publishers', apiVersions: IMAGE_VERSIONS, tracked: false },
  { resourceType: 'skus', apiVersions: ['2021-07-01', '2019-04-01', '2017-09-01'], tracked: false },
];

/** `Microsoft.Compute`: images and galleries, and what templates choose from: platform images and VM sizes. */
export function computeProvider(services: ProviderServices): Provider {
  const progress = new CopyProgress();
  return {
    namespace: NAMESPACE,
    types: TYPES,
    operations: [
      ...imageOperations(services),
      ...galleryOperations(services),
      ...definitionOperations(services),
      ...versionOperations(services, progress),
      ...catalogueOperations(services),
      ...vmSizeOperations(services),
      operationStatus(services.store, NAMESPACE),
    ],
    works: [...imageWorks(services), ...versionWorks(services, progress)],
  };
}
