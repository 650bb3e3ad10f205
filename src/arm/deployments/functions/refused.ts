/** Functions of Resource Manager that Kiln does not have, with the reason. By name in lower case. */
const REASONS: Readonly<Record<string, string>> = {
  managementgroup: 'Kiln has no management groups',
  managementgroupresourceid: 'Kiln has no management groups',
  pickzones: 'Kiln has no availability zones',
  tologicalzone: 'Kiln has no availability zones',
  tologicalzones: 'Kiln has no availability zones',
  tophysicalzone: 'Kiln has no availability zones',
  tophysicalzones: 'Kiln has no availability zones',
  providers: 'Azure itself no longer supports it; write the API version in its place',
  deployer: 'a deployment on this machine has no signed-in principal',
  externalinput: 'it is for the tools that write parameter files',
  externalinputs: 'it is for the tools that write parameter files',
  references: 'it reads the states of a whole copy loop; use `reference` for each',
  resourceinfo: 'use `resourceId`',
  getsecret: 'Kiln has no key vaults; pass the secret as a parameter',
  parsecidr: 'Kiln does not calculate networks',
  cidrsubnet: 'Kiln does not calculate networks',
  cidrhost: 'Kiln does not calculate networks',
  parseuri: 'Kiln does not have it',
  builduri: 'Kiln does not have it',
  lambda: 'it stands only where a function takes a lambda, such as `map`',
};

/** Why a function of Resource Manager can't be used, or nothing when there is no such function. */
export function refusal(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(REASONS, lower)) return REASONS[lower];
  return /^list([a-z0-9]*)$/.test(lower)
    ? 'it asks a resource provider for keys or secrets, and Kiln has no such provider; pass the value as a parameter'
    : undefined;
}
