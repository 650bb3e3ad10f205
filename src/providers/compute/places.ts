export const NAMESPACE = 'Microsoft.Compute';

const SUBSCRIPTION = '/subscriptions/{subscriptionId}';
const GROUP = `${SUBSCRIPTION}/resourceGroups/{resourceGroupName}`;
const IN_SUBSCRIPTION = `${SUBSCRIPTION}/providers/${NAMESPACE}`;
const IN_GROUP = `${GROUP}/providers/${NAMESPACE}`;

export const IMAGES = `${IN_GROUP}/images`;
export const IMAGE = `${IMAGES}/{imageName}`;
export const IMAGES_OF_SUBSCRIPTION = `${IN_SUBSCRIPTION}/images`;
export const GALLERIES = `${IN_GROUP}/galleries`;
export const GALLERY = `${GALLERIES}/{galleryName}`;
export const GALLERIES_OF_SUBSCRIPTION = `${IN_SUBSCRIPTION}/galleries`;
export const DEFINITIONS = `${GALLERY}/images`;
export const DEFINITION = `${DEFINITIONS}/{galleryImageName}`;
export const VERSIONS = `${DEFINITION}/versions`;
export const VERSION = `${VERSIONS}/{galleryImageVersionName}`;
export const LOCATION = `${IN_SUBSCRIPTION}/locations/{location}`;
export const SKUS = `${IN_SUBSCRIPTION}/skus`;

export const IMAGE_TYPE = `${NAMESPACE}/images`;
export const GALLERY_TYPE = `${NAMESPACE}/galleries`;
export const DEFINITION_TYPE = `${GALLERY_TYPE}/images`;
export const VERSION_TYPE = `${DEFINITION_TYPE}/versions`;

/** Of the operations that go on after their answer. */
export const WRITE_IMAGE = 'Microsoft.Compute/images/write';
export const WRITE_VERSION = 'Microsoft.Compute/galleries/images/versions/write';
export const REPLICATE_VERSION = 'Microsoft.Compute/galleries/images/versions/replicate';
export const DELETE_VERSION = 'Microsoft.Compute/galleries/images/versions/delete';
