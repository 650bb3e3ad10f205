import { posix } from 'node:path';
import type { Segment } from './json-document.ts';
import type { ImageTemplate } from './model.ts';
import type { Problems } from './problems.ts';

/** Warns of what is allowed and still may surprise. */
export function remark(problems: Problems, template: ImageTemplate, hasIdentity: boolean): void {
  if (!hasIdentity) {
    const message = 'Azure requires an `identity`. Kiln builds without one; `{ "type": "None" }` says so.';
    problems.warning('MissingIdentity', ['identity'], message);
  }
  const { customize, validate, distribute } = template;
  customize.forEach((step, i) => {
    remarkStep(problems, step, ['properties', 'customize', i]);
  });
  validate.inVMValidations.forEach((step, i) => {
    remarkStep(problems, step, ['properties', 'validate', 'inVMValidations', i]);
  });
  if (validate.sourceValidationOnly && customize.length > 0) {
    const message = 'With `sourceValidationOnly` the source itself is validated: no customizer runs.';
    problems.warning('NoEffect', ['properties', 'customize'], message);
  }
  distribute.forEach((target, i) => {
    if (target.type !== 'SharedImage' || !/\/versions\//i.test(target.galleryImageId)) return;
    if (target.versioning.scheme === 'Latest' && target.versioning.major === -1) return;
    const message = '`versioning` has no effect: `galleryImageId` names the version.';
    problems.warning('NoEffect', ['properties', 'distribute', i, 'versioning'], message);
  });
}

function remarkStep(problems: Problems, step: ImageTemplate['customize'][number], path: readonly Segment[]): void {
  if (step.type === 'File' && !posix.normalize(step.destination).startsWith('/tmp/')) {
    const message = 'On Azure a File step can write below `/tmp` only. Here it can write wherever the build user may.';
    problems.warning('DestinationOutsideTmp', [...path, 'destination'], message, 'value');
  }
  if (step.type === 'Shell' && step.scriptUri === undefined && step.sha256Checksum !== '') {
    const message = '`sha256Checksum` has no effect beside `inline`: it belongs to `scriptUri`.';
    problems.warning('NoEffect', [...path, 'sha256Checksum'], message);
  }
}
