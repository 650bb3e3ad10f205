// Regions, by their normalised names. A site may have others of its own.

/** Where the service takes templates. */
export const SERVICE_REGIONS: readonly string[] = [
  ...['eastus', 'eastus2', 'westcentralus', 'westus', 'westus2', 'westus3', 'southcentralus', 'centralus'],
  ...['northcentralus', 'northeurope', 'westeurope', 'southeastasia', 'eastasia', 'australiasoutheast'],
  ...['australiaeast', 'uksouth', 'ukwest', 'brazilsouth', 'canadacentral', 'centralindia', 'jioindiawest'],
  ...['francecentral', 'germanywestcentral', 'japaneast', 'koreacentral', 'norwayeast', 'switzerlandnorth'],
  ...['uaenorth', 'southafricanorth', 'qatarcentral', 'swedencentral', 'polandcentral', 'italynorth'],
  ...['israelcentral', 'newzealandnorth', 'taiwannorthwest', 'chinanorth3'],
  // In public preview.
  ...['usgovarizona', 'usgovvirginia'],
];

/** Regions of Azure without the service: images go there. */
const FURTHER_REGIONS: readonly string[] = [
  ...['australiacentral', 'australiacentral2', 'austriaeast', 'belgiumcentral', 'brazilsoutheast', 'canadaeast'],
  ...['centraluseuap', 'chilecentral', 'chinaeast', 'chinaeast2', 'chinaeast3', 'chinanorth', 'chinanorth2'],
  ...['denmarkeast', 'eastus2euap', 'francesouth', 'germanynorth', 'indonesiacentral', 'japanwest'],
  ...['jioindiacentral', 'koreasouth', 'malaysiawest', 'mexicocentral', 'norwaywest', 'southafricawest'],
  ...['southindia', 'spaincentral', 'swedensouth', 'switzerlandwest', 'taiwannorth', 'uaecentral'],
  ...['usdodcentral', 'usdodeast', 'usgovtexas', 'westindia'],
];

/** Where images can go. */
export const IMAGE_REGIONS: readonly string[] = [...SERVICE_REGIONS, ...FURTHER_REGIONS];
