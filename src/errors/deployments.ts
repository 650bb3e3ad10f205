import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of a deployment template: the file around an image template. The first three codes are Azure Resource Manager's own. */
export const deploymentErrors = kinds({
  InvalidTemplate: {
    exit: 2,
    summary:
      'A deployment template, its parameters, or an expression in it is not valid. `details` lists every problem with its JSON path.',
    message: p =>
      `Deployment template validation failed: '${p.first}'.${p.more === 0 ? '' : ` (${p.more} more in \`details\`.)`}`,
    todo: () => 'Correct the places listed. `docs/deployments.md` has what a deployment template may hold.',
  } satisfies ErrorKind<{ first: string; more: number }>,
  DeploymentOutputEvaluationFailed: {
    exit: 2,
    summary: 'An output of a deployment template could not be evaluated.',
    message: p =>
      `Unable to evaluate template outputs: '${p.names}'. ${p.first}${p.more === 0 ? '' : ` (${p.more} more in \`details\`.)`}`,
    todo: () => 'Correct the outputs listed. What was deployed before them stays.',
  } satisfies ErrorKind<{ names: string; first: string; more: number }>,
  DeploymentFeatureUnsupported: {
    exit: 2,
    summary: 'A deployment template uses something of Azure Resource Manager that Kiln does not have.',
    message: p => p.message,
    todo: () =>
      'Take it out of the template, or write its result in its place. `docs/deployments.md` lists what Kiln has.',
  } satisfies ErrorKind<{ message: string }>,
  DeploymentTooLarge: {
    exit: 2,
    summary: 'A deployment template takes more memory to read or to evaluate than a service gives to one.',
    message: p => `The deployment takes more than ${p.memoryMiB} MiB of memory to evaluate.`,
    todo: () => 'Make its loops, or the values that they put together, smaller, or divide it into several deployments.',
  } satisfies ErrorKind<{ memoryMiB: number }>,
  DeploymentResourceUnsupported: {
    exit: 2,
    summary: 'A deployment template holds resources of types that Kiln does not make. `details` lists them all.',
    message: p => `The deployment holds what Kiln does not make: ${p.types}.`,
    todo: () =>
      'Take the resources out, or give them a `condition` that is false here. `docs/deployments.md` lists the types that Kiln makes.',
  } satisfies ErrorKind<{ types: string }>,
  NoImageTemplate: {
    exit: 2,
    summary: 'A deployment template holds no image template, or several of which one has to be named.',
    message: p =>
      `The deployment ${p.file} holds ${p.names.length === 0 ? 'no image template' : `several: ${p.names.join(', ')}`}.`,
    todo: p =>
      p.names.length === 0
        ? 'A resource of the type `Microsoft.VirtualMachineImages/imageTemplates` is needed, with a `condition` that is true.'
        : 'Name one with `--template-name`.',
  } satisfies ErrorKind<{ file: string; names: readonly string[] }>,
  NotADeployment: {
    exit: 2,
    summary: 'Parameters were given for a file that is no deployment template.',
    message: p => `${p.file} is an image template on its own: it has no parameters.`,
    todo: () => 'Leave `--param`, `--parameters` and `--template-name` out, or name a deployment template.',
  } satisfies ErrorKind<{ file: string }>,
});

export const deploymentError = thrower(deploymentErrors);
