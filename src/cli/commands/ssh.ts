import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { BUILD_USER } from '../../build/build-vm.ts';
import { findKeptMachine } from '../../build/kept-machine.ts';
import { buildError } from '../../errors/build.ts';
import { findRun } from '../find-run.ts';
import { withServices } from '../services.ts';

export function addSsh(program: Command): void {
  program
    .command('ssh')
    .description('Logs in to the VM that a failed run has kept (`--on-error abort`).')
    .argument('[run]', 'id, beginning of an id, or `last`', 'last')
    .argument('[command...]', 'what to run instead of a shell')
    .action(ssh);
}

async function ssh(name: string, command: readonly string[]): Promise<void> {
  const { id, kept } = await withServices([], async services => {
    const { record, directory } = await findRun(services, name);
    return { id: record.id, kept: await findKeptMachine(directory.root) };
  });
  if (kept === undefined)
    throw buildError('MachineNotKept', { run: id, reason: 'none was kept, or its time is over.' });
  const { files } = kept;
  const options = {
    ProxyCommand: `socat - UNIX-CONNECT:${files.ssh}`,
    IdentityFile: files.key,
    IdentitiesOnly: 'yes',
    UserKnownHostsFile: files.knownHosts,
    HostKeyAlias: 'kiln',
    StrictHostKeyChecking: 'yes',
    LogLevel: 'ERROR',
  };
  const args = [
    ...['-F', '/dev/null'],
    ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    `${BUILD_USER}@kiln`,
    ...command,
  ];
  const child = spawn('ssh', args, { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 1));
  });
}
