import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of a run: its steps, its deadline, its end. */
export const buildErrors = kinds({
  StepFailed: {
    exit: 1,
    summary: 'A customizer ended with an exit code other than 0.',
    message: p =>
      `Customizer ${p.index} of ${p.total}, ${p.type} \`${p.name}\`, ended with exit code ${p.exitCode}${p.line === undefined ? '' : ` at line ${p.line} of its script`}.`,
    todo: () =>
      'Mend the step and build again; `--on-error abort` keeps the VM so that you can look inside with `kiln ssh`.',
  } satisfies ErrorKind<{
    index: number;
    total: number;
    type: string;
    name: string;
    exitCode: number;
    line: number | undefined;
  }>,
  ValidatorFailed: {
    exit: 4,
    summary: 'A validator failed on the finished image.',
    message: p =>
      `Validation failed: ${p.failed} of ${p.total} validators did not pass (first: ${p.type} \`${p.name}\`, exit code ${p.exitCode}).${p.distributed ? ' The image was distributed all the same, as `continueDistributeOnFailure` asks.' : ''}`,
    todo: () => 'The image that was built does not do what the validator checks: see the validation log.',
  } satisfies ErrorKind<{
    failed: number;
    total: number;
    type: string;
    name: string;
    exitCode: number;
    distributed: boolean;
  }>,
  WorkloadOptimizationFailed: {
    exit: 1,
    summary: 'The script of `optimize.workload` ended with an exit code other than 0.',
    message: p =>
      `The workload optimization \`${p.name}\` ended with exit code ${p.exitCode}${p.line === undefined ? '' : ` at line ${p.line} of its script`}.`,
    todo: () =>
      'Mend the script and build again; `--on-error abort` keeps the VM so that you can look inside with `kiln ssh`.',
  } satisfies ErrorKind<{ name: string; exitCode: number; line: number | undefined }>,
  BootOptimizationFailed: {
    exit: 1,
    summary: 'The boot could not be optimized: `optimize.vmBoot` is `Enabled`.',
    message: p => `The boot of the build VM could not be optimized: ${p.reason}`,
    todo: () =>
      'See in the log what the guest said; with `optimize.vmBoot` `Disabled` the image is built without this stage.',
  } satisfies ErrorKind<{ reason: string }>,
  GeneralizeFailed: {
    exit: 1,
    summary: 'The deprovisioning script or the clean-up after it failed.',
    message: p => `The image could not be generalized: ${p.reason}`,
    todo: () =>
      'If a customizer replaced /tmp/DeprovisioningScript.sh, run that script on a kept machine (`--on-error abort`, then `kiln ssh`).',
  } satisfies ErrorKind<{ reason: string }>,
  BuildTimedOut: {
    exit: 5,
    summary: 'The run took longer than `buildTimeoutInMinutes`.',
    message: p => `The build did not finish within ${p.limit}; it was in stage ${p.stage}.`,
    todo: () => 'Raise `buildTimeoutInMinutes` (6 to 960), or see in the log what the stage was waiting for.',
  } satisfies ErrorKind<{ limit: string; stage: string }>,
  BuildCanceled: {
    exit: 130,
    summary: 'Somebody stopped the run.',
    message: p => `The build was canceled in stage ${p.stage}.`,
    todo: () =>
      'Nothing half-made of it is left; what it lists as outputs was published before. Run it again when you like.',
  } satisfies ErrorKind<{ stage: string }>,
  DistributeFailed: {
    exit: 1,
    summary: 'One or more distribute targets could not be published; the others were.',
    message: p => `Failed in distributing ${p.failed} images out of total ${p.total}: ${p.reason}`,
    todo: () => 'The targets that are listed as outputs were published. Mend the cause and build again for the others.',
  } satisfies ErrorKind<{ failed: number; total: number; reason: string }>,
  DiskSpace: {
    exit: 3,
    summary: 'The disk that holds KILN_HOME is full.',
    message: p => `There is no space left on the disk that holds ${p.path}.`,
    todo: () =>
      'Free some space (`kiln runs clean`, `kiln image rm`, `kiln source rm`), or set KILN_HOME to a larger disk.',
  } satisfies ErrorKind<{ path: string }>,
  Defect: {
    exit: 1,
    summary: 'Kiln itself has a defect: something failed in a way that nobody foresaw.',
    message: p => `Kiln failed unexpectedly: ${p.reason}`,
    todo: p => `Please report this with the following lines:\n${p.stack}`,
  } satisfies ErrorKind<{ reason: string; stack: string }>,
  RunAbandoned: {
    exit: 1,
    summary: 'The process that worked on the run was killed or the machine went down.',
    message: p => `The process that worked on run ${p.run} ended without finishing it.`,
    todo: () => 'Nothing half-made of it is left. Run the build again.',
  } satisfies ErrorKind<{ run: string }>,
  RunEndedByOthers: {
    exit: 1,
    summary: 'The process of a run was stopped for so long that another one took it for gone and ended the run.',
    message: p => `Run ${p.run} was ended by others, which heard nothing of its process for too long.`,
    todo: () => 'Nothing half-made of it is left. Run the build again.',
  } satisfies ErrorKind<{ run: string }>,
  WorkerFailed: {
    exit: 1,
    summary: 'The process that was to work on a queued run ended at once, as often as the service started it.',
    message: p => `The process for run ${p.run} could not begin its work: ${p.reason}`,
    todo: () => 'The last lines that it printed are above. Mend the cause and run the template again.',
  } satisfies ErrorKind<{ run: string; reason: string }>,
  RunNotFound: {
    exit: 2,
    status: 404,
    summary: 'There is no run of that name.',
    message: p => `There is no run \`${p.run}\`.`,
    todo: () => '`kiln runs list` shows the runs that this home knows.',
  } satisfies ErrorKind<{ run: string }>,
  MachineNotKept: {
    exit: 2,
    summary: 'The run has no machine any more that could be logged in to.',
    message: p => `The run \`${p.run}\` has no VM to log in to: ${p.reason}`,
    todo: () =>
      'A VM is kept when a build fails with `--on-error abort` (or `errorHandling` in the template), for the lifetime it prints.',
  } satisfies ErrorKind<{ run: string; reason: string }>,
  RunIsActive: {
    exit: 2,
    summary: 'The run is still being worked on.',
    message: p => `The run \`${p.run}\` is still active (process ${p.pid}).`,
    todo: () => 'Stop it with Ctrl-C in its terminal, or wait for its end.',
  } satisfies ErrorKind<{ run: string; pid: string }>,
});

export const buildError = thrower(buildErrors);
