import { showPath } from '../../arm/deployments/problems.ts';
import type { ErrorDetail } from '../../errors/kiln-error.ts';
import type { JsonDocument } from '../../template/json-document.ts';
import type { ImageTemplate } from '../../template/model.ts';
import type { Deployment } from './read-deployment.ts';

/**
 * What a deployment makes in a wrong order on Azure: Resource Manager begins with everything at once that does not wait for
 * something else. Here what is declared is made first in any case.
 */
export function missingDependsOn(
  { declared, madeBefore, id, path }: Deployment,
  template: ImageTemplate,
  document: JsonDocument,
): readonly ErrorDetail[] {
  const made = new Map(declared.map(one => [one.id.toLowerCase(), one]));
  const ofTargets = template.distribute.flatMap((target, index) => {
    if (target.type !== 'SharedImage') return [];
    const definition = target.galleryImageId.toLowerCase().replace(/\/versions\/[^/]*$/, '');
    const needed = made.get(definition) ?? made.get(parentOf(definition));
    if (needed === undefined || madeBefore.of(id).has(needed.id.toLowerCase())) return [];
    const below = ['properties', 'distribute', index, 'galleryImageId'];
    const place = document.locate([...path, ...below]);
    return [warning('The image template', needed, { target: showPath(below), ...place })];
  });
  const ofDefinitions = declared.flatMap(one => {
    const gallery = made.get(parentOf(one.id.toLowerCase()));
    if (gallery === undefined || gallery === one || madeBefore.of(one.id).has(gallery.id.toLowerCase())) return [];
    return [warning(`The \`${one.type}\``, gallery, { target: showPath(one.path), ...document.locate(one.path) })];
  });
  return [...ofTargets, ...ofDefinitions];
}

/** The gallery of a definition. */
function parentOf(key: string): string {
  return key.replace(/\/images\/[^/]*$/, '');
}

function warning(
  who: string,
  needed: { readonly type: string; readonly id: string },
  place: Pick<ErrorDetail, 'target' | 'line' | 'column'>,
): ErrorDetail {
  const message = `${who} needs the \`${needed.type}\` that this deployment makes (${needed.id}), and has no \`dependsOn\` for it: on Azure it may come too early.`;
  return { code: 'MissingDependsOn', message, severity: 'warning', ...place };
}
