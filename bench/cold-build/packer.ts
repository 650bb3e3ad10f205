import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKER_TEMPLATE, UPLOAD } from './job.ts';
import { phaseSeconds, type TimedBuild } from './phases.ts';
import { timedCommand } from './timed-command.ts';
import type { Workspace } from './workspace.ts';

const ENDS = [
  /Connected to SSH!/,
  /Provisioning with shell script: (?!.*\/ready\.sh)/,
  /Uploading .*finish\.sh/,
  /Running post-processor/,
];

/** `packer build` of the same job. What it wrote the time before is removed first, outside of the measured time. */
export async function buildWithPacker(workspace: Workspace, signal: AbortSignal): Promise<TimedBuild> {
  const { machine, source, accelerator, firmware, root } = workspace;
  const work = join(root, 'packer');
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  await copyFile(firmware.variables, join(work, 'uefi-vars.fd'));
  const variables = {
    ...{ source: source.path, seed: workspace.seed, private_key: workspace.key, work },
    ...{ firmware_code: firmware.code, accelerator, cpu: accelerator === 'kvm' ? 'host' : 'max' },
    ...{ cpus: String(machine.cpus), memory: String(machine.memoryMiB), file: UPLOAD },
    ...{ ready_script: workspace.readyScript, finish_script: workspace.finishScript },
  };
  const { seconds, lines } = await timedCommand({
    file: 'packer',
    arguments: [
      ...['build', '-color=false'],
      ...Object.entries(variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]),
      PACKER_TEMPLATE,
    ],
    environment: {
      // It asks its maker for news at every start otherwise.
      CHECKPOINT_DISABLE: '1',
      PACKER_CONFIG_DIR: join(work, 'config'),
      PACKER_CACHE_DIR: join(work, 'cache'),
      TMPDIR: work,
    },
    signal,
  });
  return { seconds, phases: phaseSeconds(lines, ENDS, seconds), image: join(work, 'image.qcow2') };
}
