/** What the feature `SecurityType` of an image definition may be; `Standard` is a definition without it. */
export const SECURITY_TYPES = [
  'Standard',
  'TrustedLaunchSupported',
  'ConfidentialVMSupported',
  'TrustedLaunchAndConfidentialVmSupported',
  'TrustedLaunch',
  'ConfidentialVM',
] as const;
export type SecurityType = (typeof SECURITY_TYPES)[number];

/** Something that an image definition demands of its images or promises of them. */
export interface DefinitionFeature {
  readonly name: string;
  readonly value: string;
}

const FEATURE = 'SecurityType';

/** The features of a definition, from the column of the database. */
export function featuresOf(column: string): readonly DefinitionFeature[] {
  return JSON.parse(column) as readonly DefinitionFeature[];
}

/** A value that is none of the known ones counts as `Standard`. */
export function securityTypeOf(features: readonly DefinitionFeature[]): SecurityType {
  const value = features.find(({ name }) => name.toLowerCase() === FEATURE.toLowerCase())?.value.toLowerCase();
  return SECURITY_TYPES.find(type => type.toLowerCase() === value) ?? 'Standard';
}

/** The features of a definition for images of a security type; when it is not known, none. */
export function featuresFor(type: SecurityType | undefined): readonly DefinitionFeature[] {
  return type === undefined || type === 'Standard' ? [] : [{ name: FEATURE, value: type }];
}

/** Whether VMs of such an image *must* be of that type. Nothing can be built from such images, nor published as one. */
export function isExclusive(type: SecurityType): boolean {
  return type === 'TrustedLaunch' || type === 'ConfidentialVM';
}
