import { posix } from 'node:path';
import type { Segment } from './json-document.ts';
import type { ImageTemplate } from './model.ts';
import type { Problems } from './problems.ts';

/** Warns of what is allowed and still may surprise. */
export function remark(problems: Problems, template: ImageTemplate, identityStated: boolean): void {
  if (!identityStated) {
    const message = 'Azure requires an `identity`. Kiln builds without one; `{ "type": "None" }` says so.';
    problems.warning('MissingIdentity', ['identity'], message);
  }
  const { customize, distribute, optimize, validate, vmProfile } = template;
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
  if (optimize.workload.scriptUri !== '' && optimize.workload.state !== 'Enabled') {
    const message = '`scriptUri` has no effect unless `state` is `Enabled`.';
    problems.warning('NoEffect', ['properties', 'optimize', 'workload', 'scriptUri'], message);
  }
  if (vmProfile.vnetConfig.proxyVmSize !== '' && vmProfile.vnetConfig.subnetId === '') {
    const message = '`proxyVmSize` has no effect without `subnetId`: a proxy serves a build VM in a subnet of yours.';
    problems.warning('NoEffect', ['properties', 'vmProfile', 'vnetConfig', 'proxyVmSize'], message);
  }
  distribute.forEach((target, i) => {
    if (target.type !== 'SharedImage' || !/\/versions\//i.test(target.galleryImageId)) return;
    if (target.versioning.scheme === 'Latest' && target.versioning.major === -1) return;
    const message = '`versioning` has no effect: `galleryImageId` names the version.';
    problems.warning('NoEffect', ['properties', 'distribute', i, 'versioning'], message);
  });
}

function remarkStep(problems: Problems, step: ImageTemplate['customize'][number], path: readonly Segment[]): void {
  if (
    step.type === 'File' &&
    step.destination.startsWith('/') &&
    !posix.normalize(step.destination).startsWith('/tmp/')
  ) {
    const message = 'On Azure a File step can write below `/tmp` only. Here it can write wherever the build user may.';
    problems.warning('DestinationOutsideTmp', [...path, 'destination'], message, 'value');
  }
  if (
    (step.type === 'Shell' || step.type === 'PowerShell') &&
    step.scriptUri === undefined &&
    step.sha256Checksum !== ''
  ) {
    const message = '`sha256Checksum` has no effect beside `inline`: it belongs to `scriptUri`.';
    problems.warning('NoEffect', [...path, 'sha256Checksum'], message);
  }
  if (step.type !== 'WindowsUpdate') return;
  step.filters.forEach((filter, i) => {
    if (/^(?:include|exclude):\s*\S/.test(filter)) return;
    const message = 'A filter is `include:` or `exclude:` and a PowerShell expression. The machine refuses any other.';
    problems.warning('FilterWithoutVerb', [...path, 'filters', i], message, 'value');
  });
}
