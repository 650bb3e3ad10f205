const TYPE = 'Says which other properties there are.';

/**
 * What an editor shows of each property, by the patterns of `since.ts`. `[*]` is every `type` without a line of its
 * own; validators have the lines of customizers.
 */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  '': 'An image template.',
  type: 'The type of the resource.',
  apiVersion: 'The version of the API in whose language the template is written.',
  name: 'The name of the template: 1 to 64 letters, digits, `-`, `_` or `.`.',
  location: 'The region of the template.',
  tags: 'Tags of the template: names and strings.',
  identity: 'The identity of the template: none, or one that the user assigns.',
  'identity.type': '`None`, or `UserAssigned` beside `userAssignedIdentities`.',
  'identity.userAssignedIdentities': 'The id of one identity, with `{}` as its value.',
  dependsOn: 'Of Resource Manager; without meaning here.',
  comments: 'Of Resource Manager; without meaning here.',
  metadata: 'Of Resource Manager; without meaning here.',
  properties: 'What is built, and how.',

  'properties.source': 'The image to start from.',
  'properties.source[*].type': TYPE,
  'properties.source[PlatformImage]': 'An image of the Marketplace, as the catalogue has it.',
  'properties.source[PlatformImage].publisher': 'Who publishes the image.',
  'properties.source[PlatformImage].offer': 'The group of images that the publisher offers.',
  'properties.source[PlatformImage].sku': 'The image among those of the offer.',
  'properties.source[PlatformImage].version': 'A version such as `12.0.20250101`, or `latest`.',
  'properties.source[PlatformImage].planInfo': 'The purchase plan of the image, when it has one.',
  'properties.source[PlatformImage].planInfo.planName': 'The name of the plan.',
  'properties.source[PlatformImage].planInfo.planProduct': 'The product of the plan.',
  'properties.source[PlatformImage].planInfo.planPublisher': 'The publisher of the plan.',
  'properties.source[ManagedImage]': 'A managed image that was built before.',
  'properties.source[ManagedImage].imageId': 'The resource id of the managed image.',
  'properties.source[SharedImageVersion]': 'A version in a compute gallery that was built before.',
  'properties.source[SharedImageVersion].imageVersionId': 'The resource id of the version.',
  'properties.source[ISO]': 'A medium to install RHEL from. Nothing can be built from it any more.',
  'properties.source[ISO].sourceUri': 'Where the medium comes from.',
  'properties.source[ISO].sha256Checksum': 'The SHA-256 checksum of the medium.',

  'properties.customize': 'What is done to the build VM, in this order.',
  'properties.customize[]': 'A step.',
  'properties.customize[*].type': TYPE,
  'properties.customize[*].name': 'What the step is called in logs.',
  'properties.customize[*].sha256Checksum':
    'The SHA-256 checksum of what the URI gives. Anything else fails the build.',
  'properties.customize[*].inline': 'Commands that run as one script. Not beside the URI of a script.',
  'properties.customize[*].scriptUri': 'The URI of a script. Not beside `inline`.',
  'properties.customize[Shell]': 'Runs a script on Linux, as a user who may use `sudo`.',
  'properties.customize[PowerShell]': 'Runs a PowerShell script on Windows.',
  'properties.customize[PowerShell].runElevated': 'Whether the script runs with all rights of an administrator.',
  'properties.customize[PowerShell].runAsSystem': 'Whether it runs as the system account. Needs `runElevated`.',
  'properties.customize[PowerShell].validExitCodes': 'The exit codes that are success.',
  'properties.customize[WindowsRestart]': 'Restarts Windows, and waits until it is there again.',
  'properties.customize[WindowsRestart].restartCommand': 'The command that restarts.',
  'properties.customize[WindowsRestart].restartCheckCommand': 'A command that succeeds once Windows is there again.',
  'properties.customize[WindowsRestart].restartTimeout':
    'How long a restart may take: numbers with units, `5m`, `1h30m`.',
  'properties.customize[WindowsUpdate]': 'Installs updates of Windows.',
  'properties.customize[WindowsUpdate].searchCriteria':
    'Which updates are looked for, in the language of the update agent.',
  'properties.customize[WindowsUpdate].filters':
    'Which of them are taken: `include:EXPRESSION` and `exclude:EXPRESSION`, where `$_` is the update.',
  'properties.customize[WindowsUpdate].updateLimit': 'How many updates are installed at most. 0 is 1000.',
  'properties.customize[File]': 'Copies a file to the build VM.',
  'properties.customize[File].sourceUri': 'Where the file comes from.',
  'properties.customize[File].destination':
    'Where it goes: an absolute path with the file’s name, in a directory that exists. On Linux Azure writes below `/tmp` only.',

  'properties.validate': 'What is tried on a second VM that starts from the finished image.',
  'properties.validate.continueDistributeOnFailure': 'Whether the image is distributed although a validator failed.',
  'properties.validate.sourceValidationOnly':
    'Whether the source itself is validated: nothing is customized then, and nothing distributed.',
  'properties.validate.inVMValidations': 'The validators. All of them run, also after one has failed.',
  'properties.validate.inVMValidations[]': 'A validator.',

  'properties.distribute': 'Where the image goes.',
  'properties.distribute[]': 'A target.',
  'properties.distribute[*].type': TYPE,
  'properties.distribute[*].runOutputName':
    'What this output of a run is called: 1 to 64 letters, digits, `-`, `_` or `.`; unique in the template.',
  'properties.distribute[*].artifactTags': 'Tags of what is made: names and strings.',
  'properties.distribute[VHD]': 'A VHD of fixed size.',
  'properties.distribute[VHD].uri':
    'The URI of the blob that the VHD becomes. Without it the VHD is kept in the store.',
  'properties.distribute[ManagedImage]': 'A managed image.',
  'properties.distribute[ManagedImage].imageId': 'The resource id that the image gets.',
  'properties.distribute[ManagedImage].location': 'The region of the image.',
  'properties.distribute[SharedImage]': 'A version in a compute gallery.',
  'properties.distribute[SharedImage].galleryImageId':
    'The resource id of an image definition, or of a new version of one (`/versions/1.2.3`).',
  'properties.distribute[SharedImage].targetRegions': 'The regions that the version is replicated to.',
  'properties.distribute[SharedImage].targetRegions[]': 'A region.',
  'properties.distribute[SharedImage].targetRegions[].name': 'The name of the region.',
  'properties.distribute[SharedImage].targetRegions[].replicaCount': 'How many replicas the region has.',
  'properties.distribute[SharedImage].targetRegions[].storageAccountType': 'The kind of storage in the region.',
  'properties.distribute[SharedImage].replicationRegions':
    'The regions that the version is replicated to. From 2022-07-01 on `targetRegions` says more.',
  'properties.distribute[SharedImage].storageAccountType':
    'The kind of storage in all `replicationRegions`; beside these only.',
  'properties.distribute[SharedImage].excludeFromLatest': 'Whether `latest` passes over this version.',
  'properties.distribute[SharedImage].versioning': 'How the number of the version is found, where the id has none.',
  'properties.distribute[SharedImage].versioning.scheme':
    '`Latest`: the next after the highest. `Source`: after the version of the source.',
  'properties.distribute[SharedImage].versioning.major':
    'With `Latest`: the major number in which the next is taken. -1 is the highest.',
  'properties.distribute[SharedImage].replicationMode':
    '`Full`: each region has a copy. `Shallow`: one region has it, and the others refer to that.',

  'properties.vmProfile': 'The build VM.',
  'properties.vmProfile.vmSize': 'A size of Azure such as `Standard_D2ds_v4`.',
  'properties.vmProfile.osDiskSizeGB': 'The size of the disk: not less than that of the source, which 0 stands for.',
  'properties.vmProfile.userAssignedIdentities': 'The resource ids of the identities that the build VM has.',
  'properties.vmProfile.vnetConfig': 'The network of the build VM.',
  'properties.vmProfile.vnetConfig.subnetId': 'The resource id of the subnet of the build VM.',
  'properties.vmProfile.vnetConfig.containerInstanceSubnetId':
    'The resource id of another subnet of the same network, for the service’s container.',
  'properties.vmProfile.vnetConfig.proxyVmSize':
    'The size of the proxy VM. Not beside `containerInstanceSubnetId`, with which there is none.',

  'properties.buildTimeoutInMinutes': 'The limit for the whole run: 6 to 960 minutes, or 0 for 240.',
  'properties.errorHandling': 'What becomes of the VM after an error.',
  'properties.errorHandling.onCustomizerError': '`abort` keeps the build VM when a customizer failed.',
  'properties.errorHandling.onValidationError': '`abort` keeps the VM when a validator failed.',
  'properties.optimize': 'What makes VMs of the image faster.',
  'properties.optimize.vmBoot': 'Makes the image boot faster.',
  'properties.optimize.vmBoot.state': 'Whether that is done.',
  'properties.optimize.workload': 'Runs a script that prepares the image for its work.',
  'properties.optimize.workload.state': 'Whether that is done. `Enabled` needs `scriptUri`.',
  'properties.optimize.workload.scriptUri': 'The URI of the script.',
  'properties.optimize.workload.sha256Checksum': 'The SHA-256 checksum of the script.',
  'properties.additionalDataDisks':
    'Empty disks that are added to the build VM and to the image. The LUN of each is its place in the list.',
  'properties.additionalDataDisks[]': 'A disk.',
  'properties.additionalDataDisks[].sizeGB': 'The size of the disk.',
  'properties.autoRun': 'Whether a build starts by itself.',
  'properties.autoRun.state': '`Enabled`: a build starts once the template is created.',
  'properties.managedResourceTags': 'Tags of what a build makes for itself: names and strings.',
  'properties.stagingResourceGroup': 'The resource id of the group in which a build works. Empty for one of its own.',
};

/** What is filled in by the service. */
export const READ_ONLY_DESCRIPTION = 'Filled in by the service; ignored in a template.';

/** The pattern under which the tables for editors have a place: that of a customizer for a validator. */
export function editorPattern(pattern: string): string {
  return pattern.replace(/^properties\.validate\.inVMValidations\[(?!\])/, 'properties.customize[');
}

/** What is known of a place; `undefined` when that is nothing. */
export function description(pattern: string): string | undefined {
  const known = editorPattern(pattern);
  return DESCRIPTIONS[known] ?? DESCRIPTIONS[known.replace(/\[\w+\](?=\.\w+$)/, '[*]')];
}

/** Every description, for a test that each has its place. */
export const ALL_DESCRIPTIONS: readonly string[] = [...new Set(Object.values(DESCRIPTIONS))];
