import type { BuildEvent, BuildEventBody, StepRef } from '../../events/build-event.ts';

const shell: StepRef = { phase: 'customize', index: 1, total: 2, type: 'Shell', name: 'setupBuildPath' };
const file: StepRef = { phase: 'customize', index: 2, total: 2, type: 'File', name: 'index.html' };
const check: StepRef = { phase: 'validate', index: 1, total: 1, type: 'Shell', name: 'serviceAnswers' };

const BODIES: readonly BuildEventBody[] = [
  { type: 'run-started', template: 'web-server', steps: [shell, file, check] },
  { type: 'stage-started', stage: 'resolve' },
  { type: 'source-resolved', source: 'A:b:c:latest', exactVersion: 'A:b:c:1.2.3', digest: 'kd1:abc' },
  { type: 'stage-finished', stage: 'resolve', seconds: 0.5 },
  { type: 'stage-started', stage: 'fetch' },
  { type: 'progress', what: 'setup.sh', done: 100, total: 1000, unit: 'bytes' },
  { type: 'progress', what: 'setup.sh', done: 150, total: 1000, unit: 'bytes' },
  { type: 'progress', what: 'setup.sh', done: 1000, total: 1000, unit: 'bytes' },
  { type: 'stage-finished', stage: 'fetch', seconds: 0.2 },
  { type: 'stage-started', stage: 'boot' },
  { type: 'machine-started', role: 'build', accelerator: 'tcg', cpus: 2, memoryMiB: 2048 },
  { type: 'waiting', role: 'build', wait: 'sshd', index: 1, total: 3 },
  { type: 'stage-finished', stage: 'boot', seconds: 21.3 },
  { type: 'stage-started', stage: 'customize' },
  { type: 'step-started', step: shell },
  { type: 'step-output', step: shell, stream: 'stdout', line: 'making \x1b[1mdirectories\x1b[0m' },
  { type: 'step-output', step: shell, stream: 'stderr', line: 'chmod: \x1b]0;evil\x07done' },
  { type: 'step-finished', step: shell, seconds: 4.2, exitCode: 0, ok: true },
  { type: 'step-started', step: file },
  { type: 'step-restarted-guest', step: file },
  { type: 'step-finished', step: file, seconds: 0.3, exitCode: 0, ok: true },
  { type: 'stage-finished', stage: 'customize', seconds: 4.6 },
  { type: 'log', level: 'warning', message: 'the disk is nearly full' },
];

const FAILING: readonly BuildEventBody[] = [
  { type: 'stage-started', stage: 'validate' },
  { type: 'step-started', step: check },
  { type: 'step-output', step: check, stream: 'stderr', line: 'connection refused' },
  { type: 'step-finished', step: check, seconds: 1, exitCode: 7, ok: false },
  { type: 'stage-finished', stage: 'validate', seconds: 12 },
  { type: 'machine-kept', role: 'validation', until: '2026-01-02T05:00:00Z', ssh: 'kiln ssh r1' },
  {
    type: 'run-finished',
    status: 'Failed',
    seconds: 75,
    error: {
      code: 'ValidatorFailed',
      message: 'The validator 1 of 1 failed.\nIts exit code is 7.',
      target: 'properties.validate.inVMValidations[0]',
      details: [{ code: 'X', message: 'more about it', target: 'inline[2]', line: 3, column: 5 }],
      output: ['connection \x1b[2Jrefused'],
      log: '/k/runs/r1/validation.log',
      todo: 'Read the log.',
    },
  },
];

const SUCCEEDING: readonly BuildEventBody[] = [
  {
    type: 'artifact-published',
    runOutputName: 'web-vhd',
    artifact: 'https://local/vhds/r1.vhd',
    path: '/k/regions/local/r1.vhd',
    digest: 'kd1:def',
    sizeBytes: 750 * 1024 ** 2,
  },
  { type: 'run-finished', status: 'Succeeded', seconds: 75 },
];

function run(bodies: readonly BuildEventBody[]): BuildEvent[] {
  const start = Date.parse('2026-01-02T03:04:05Z');
  return bodies.map(
    (body, i) =>
      ({ v: 1, seq: i + 1, time: new Date(start + i * 1000).toISOString(), runId: 'r1', ...body }) as BuildEvent,
  );
}

/** A run that publishes a VHD. */
export const succeededRun = run([...BODIES, ...SUCCEEDING]);
/** The same run with a validator that fails, and a machine that is kept. */
export const failedRun = run([...BODIES, ...FAILING]);
