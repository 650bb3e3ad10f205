import type { EvaluatedResource } from '../../arm/deployments/evaluated.ts';
import { showPath } from '../../arm/deployments/problems.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { JsonDocument } from '../../template/json-document.ts';
import { isMade } from './declared-resource.ts';

const IMAGE_TEMPLATE = 'microsoft.virtualmachineimages/imagetemplates';
/** What is in it counts. */
const NESTED = 'microsoft.resources/deployments';

/** What has no effect on the command line, by lower-case type, and why: nobody is kept from anything there. */
const NOTED: Readonly<Record<string, string>> = {
  'microsoft.managedidentity/userassignedidentities': 'on the command line a build needs no identity',
  'microsoft.authorization/locks': 'on the command line nothing is locked',
  'microsoft.resources/deploymentscripts':
    '`kiln build` does what such scripts are there for; others have to be run by hand',
  'microsoft.authorization/roleassignments': 'on the command line nobody needs a role',
  'microsoft.authorization/roledefinitions': 'on the command line nobody needs a role',
};

const NOBODY = '00000000-0000-0000-0000-000000000000';

export function isImageTemplate({ type }: Pick<EvaluatedResource, 'type'>): boolean {
  return type.toLowerCase() === IMAGE_TEMPLATE;
}

/** Why a resource has no effect here, when it has none. */
export function withoutEffect(resource: EvaluatedResource): string | undefined {
  const key = resource.type.toLowerCase();
  return Object.hasOwn(NOTED, key) ? NOTED[key] : undefined;
}

/** What others may ask of a resource that is not made: an identity is nobody. */
export function propertiesWithoutEffect({ type }: EvaluatedResource): Readonly<Record<string, string>> {
  const isIdentity = type.toLowerCase() === 'microsoft.managedidentity/userassignedidentities';
  return isIdentity ? { principalId: NOBODY, clientId: NOBODY, tenantId: NOBODY } : {};
}

/** @throws KilnError `DeploymentResourceUnsupported` when a type is among them that Kiln does not make. */
export function refuseOthers(resources: readonly EvaluatedResource[], document: JsonDocument): void {
  const others = resources.filter(one => {
    const known = isMade(one.type) || withoutEffect(one) !== undefined || one.type.toLowerCase() === NESTED;
    return !known && !isImageTemplate(one);
  });
  if (others.length === 0) return;
  const types = [...new Set(others.map(({ type }) => type))].map(type => `\`${type}\``).join(', ');
  const details = others.map(({ type, name, path }) => {
    const message = `Kiln does not make resources of the type \`${type}\` (\`${name}\`).`;
    return { code: 'DeploymentResourceUnsupported', message, target: showPath(path), ...document.locate(path) };
  });
  throw deploymentError('DeploymentResourceUnsupported', { types }, { details });
}
