import fc from 'fast-check';
import type { DistributeTarget, SharedImageTarget, TargetRegion } from '../distributors/targets.ts';
import type { Customizer, Validator } from '../steps/registry.ts';
import { DEFINITION_ID, IDENTITY_ID, IMAGE_ID } from './example.fixture.ts';
import { API_VERSIONS, type ImageSource, type ImageTemplate, type State } from './model.ts';

export const anyVersion = fc.constantFrom(...API_VERSIONS);

const state = fc.constantFrom<State>('Enabled', 'Disabled', undefined);
const map = fc.dictionary(fc.string({ minLength: 1 }).filter(isPlain), fc.string().filter(isPlain), { maxKeys: 3 });
const freeText = fc.string({ minLength: 1 }).filter(isPlain);
const name = fc.stringMatching(/^[A-Za-z0-9_-]{0,8}$/);
const uri = fc.constantFrom('https://example.com/setup.sh?sig=a%20b', 'scripts/setup.ps1', 'file:///srv/setup.sh');
const sha = fc.stringMatching(/^[0-9a-f]{64}$/);
const size = fc.integer({ min: 0, max: 4095 });
const region = fc.constantFrom('eastus', 'westeurope', 'usgovarizona', 'local');
const word = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
const subnet = (one: string) =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/${one}`;

/** Text that no check takes for an expression or a placeholder. */
function isPlain(text: string): boolean {
  return !/[<>[\]{}]/.test(text) && text !== '__proto__';
}

const script = fc.oneof(
  fc.record({
    inline: fc.array(fc.string().filter(isPlain), { minLength: 1, maxLength: 3 }),
    sha256Checksum: fc.constant(''),
  }),
  fc.record({ scriptUri: uri, sha256Checksum: fc.oneof(fc.constant(''), sha) }),
);

const shell = fc.tuple(name, script).map(([n, rest]) => ({ type: 'Shell' as const, name: n, ...rest }));
const powerShell = fc
  .tuple(
    name,
    script,
    fc.constantFrom([false, false], [true, false], [true, true]),
    fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1 }),
  )
  .map(([n, rest, [runElevated = false, runAsSystem = false], validExitCodes]) => ({
    ...{ type: 'PowerShell' as const, name: n, ...rest, runElevated, runAsSystem, validExitCodes },
  }));
const file = fc.record({
  type: fc.constant('File' as const),
  name,
  sourceUri: uri,
  destination: fc.constantFrom('/tmp/a', '/etc/a.conf', 'C:\\a\\b', 'd:/a.txt'),
  sha256Checksum: fc.oneof(fc.constant(''), sha),
});
const restart = fc.record({
  type: fc.constant('WindowsRestart' as const),
  name,
  restartCommand: freeText,
  restartCheckCommand: fc.string().filter(isPlain),
  restartTimeout: fc.constantFrom('5m', '2h', '1h30m', '0.5h', '90s'),
});
const update = fc.record({
  type: fc.constant('WindowsUpdate' as const),
  name,
  searchCriteria: freeText,
  filters: fc.array(fc.constantFrom('include:$true', "exclude:$_.Title -like '*Preview*'", '$_.BrowseOnly')),
  updateLimit: fc.integer({ min: 1, max: 2147483647 }),
});

const customizer: fc.Arbitrary<Customizer> = fc.oneof(shell, powerShell, file, restart, update);
const validator: fc.Arbitrary<Validator> = fc.oneof(shell, powerShell, file);

const source: fc.Arbitrary<ImageSource> = fc.oneof(
  fc.record({ type: fc.constant('PlatformImage' as const), publisher: word, offer: word, sku: word, version: word }),
  fc.record({
    ...{ type: fc.constant('PlatformImage' as const), publisher: word, offer: word, sku: word, version: word },
    planInfo: fc.record({ planName: word, planProduct: word, planPublisher: word }),
  }),
  fc.record({ type: fc.constant('ManagedImage' as const), imageId: fc.constant(IMAGE_ID) }),
  fc.record({
    type: fc.constant('SharedImageVersion' as const),
    imageVersionId: fc.constantFrom(`${DEFINITION_ID}/versions/latest`, `${DEFINITION_ID}/versions/1.2.3`),
  }),
  fc.record({ type: fc.constant('ISO' as const), sourceUri: uri, sha256Checksum: sha }),
);

const targetRegions: fc.Arbitrary<TargetRegion[]> = fc.uniqueArray(
  fc.record({
    name: region,
    replicaCount: fc.integer({ min: 1, max: 3 }),
    storageAccountType: fc.constantFrom('Standard_LRS', 'Standard_ZRS', 'Premium_LRS'),
  }),
  { minLength: 1, selector: one => one.name },
);
const plainRegions = fc
  .tuple(fc.uniqueArray(region, { minLength: 1 }), fc.constantFrom('Standard_LRS' as const, 'Standard_ZRS' as const))
  .map(([names, storageAccountType]) => names.map(one => ({ name: one, replicaCount: 1, storageAccountType })));
const versioning: fc.Arbitrary<SharedImageTarget['versioning']> = fc.oneof(
  fc.record({ scheme: fc.constant('Latest' as const), major: fc.integer({ min: -1, max: 5 }) }),
  fc.constant({ scheme: 'Source' as const }),
);

const target: fc.Arbitrary<DistributeTarget> = fc.oneof(
  fc.record({
    type: fc.constant('VHD' as const),
    runOutputName: word,
    artifactTags: map,
    uri: fc.constantFrom('', 'https://images.blob.core.windows.net/vhds/c.vhd'),
  }),
  fc.record({
    ...{ type: fc.constant('ManagedImage' as const), runOutputName: word, artifactTags: map },
    ...{ imageId: fc.constant(IMAGE_ID), location: region },
  }),
  fc.record({
    ...{ type: fc.constant('SharedImage' as const), runOutputName: word, artifactTags: map },
    galleryImageId: fc.constantFrom(DEFINITION_ID, `${DEFINITION_ID}/versions/1.2.3`),
    targetRegions: fc.oneof(targetRegions, plainRegions),
    excludeFromLatest: fc.boolean(),
    replicationMode: fc.constantFrom('Full' as const, 'Shallow' as const),
    versioning,
  }),
);

/** Templates of everything that the newest version can say. */
export const anyTemplate: fc.Arbitrary<ImageTemplate> = fc.record({
  apiVersion: anyVersion,
  name: word,
  location: fc.constantFrom('eastus', 'usgovvirginia', 'local'),
  tags: map,
  identities: fc.constantFrom([], [IDENTITY_ID]),
  source,
  customize: fc.array(customizer, { maxLength: 4 }),
  validate: fc.record({
    continueDistributeOnFailure: fc.boolean(),
    sourceValidationOnly: fc.boolean(),
    inVMValidations: fc.array(validator, { maxLength: 2 }),
  }),
  distribute: fc.uniqueArray(target, { minLength: 1, maxLength: 3, selector: one => one.runOutputName.toLowerCase() }),
  vmProfile: fc.record({
    vmSize: fc.constantFrom('', 'Standard_D2s_v3'),
    osDiskSizeGB: size,
    userAssignedIdentities: fc.constantFrom([], [IDENTITY_ID, `${IDENTITY_ID}-2`]),
    vnetConfig: fc.constantFrom(
      { subnetId: '', containerInstanceSubnetId: '', proxyVmSize: '' },
      { subnetId: subnet('a'), containerInstanceSubnetId: '', proxyVmSize: 'Standard_A1_v2' },
      { subnetId: subnet('a'), containerInstanceSubnetId: subnet('b'), proxyVmSize: '' },
    ),
  }),
  optimize: fc.record({
    vmBoot: state,
    workload: fc.oneof(
      fc.record({ state, scriptUri: uri, sha256Checksum: fc.oneof(fc.constant(''), sha) }),
      fc.record({
        ...{ state: fc.constantFrom('Disabled' as const, undefined), scriptUri: fc.constant('') },
        sha256Checksum: fc.constant(''),
      }),
    ),
  }),
  additionalDataDisks: fc.array(fc.record({ sizeGB: size }), { maxLength: 2 }),
  autoRun: state,
  managedResourceTags: map,
  stagingResourceGroup: fc.constantFrom('', '/subscriptions/s/resourceGroups/staging'),
  buildTimeoutMinutes: fc.constantFrom(6, 240, 960),
  errorHandling: fc.record({
    onCustomizerError: fc.constantFrom('cleanup' as const, 'abort' as const),
    onValidationError: fc.constantFrom('cleanup' as const, 'abort' as const),
  }),
});
