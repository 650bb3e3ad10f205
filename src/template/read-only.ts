/** What the service fills in and ignores when a template sends it back. Patterns as in `since.ts`. */
export const READ_ONLY: ReadonlySet<string> = new Set([
  'id',
  'systemData',
  'properties.exactStagingResourceGroup',
  'properties.lastRunStatus',
  'properties.provisioningError',
  'properties.provisioningState',
  'properties.source[PlatformImage].exactVersion',
  'properties.source[SharedImageVersion].exactVersion',
]);
