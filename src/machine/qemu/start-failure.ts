import { readFile } from 'node:fs/promises';
import type { KilnError } from '../../errors/kiln-error.ts';
import { machineError } from '../../errors/machine.ts';
import type { MachineDirectory } from '../../home/run-directory.ts';
import { packageOf } from '../../sandbox/tool.ts';
import { NETWORK_READY } from './sandboxed-command.ts';

const LAST_LINES = 20;

/**
 * Why a machine did not start, by the log of everything between Kiln and QEMU.
 *
 * @param code how it ended, when it did
 * @param otherwise what to say when nothing said why
 */
export async function startFailure(
  role: string,
  files: MachineDirectory,
  code: number | undefined,
  otherwise: string,
): Promise<KilnError> {
  const log = await readFile(files.qemuLog, 'utf8').catch(() => '');
  return explainStart(role, log, code, otherwise).with({ log: files.qemuLog });
}

/** `ToolMissing`, `SandboxUnavailable` or `MachineStartFailed`, by what was printed. */
export function explainStart(role: string, log: string, code: number | undefined, otherwise: string): KilnError {
  const lines = log.split('\n').filter(line => line.trim() !== '');
  const ready = lines.indexOf(NETWORK_READY);
  const said = lines.slice(ready + 1);
  const last = said.at(-1) ?? '';
  const output = said.slice(-LAST_LINES);
  const tool = MISSING.map(pattern => pattern.exec(last)?.[1]).find(name => name !== undefined);
  if (tool !== undefined) return machineError('ToolMissing', { tool, package: packageOf(tool) }, { output });
  // A disk that the build user can't reach is not the sandbox's fault.
  const unreachable = /^bwrap: (Can't find source path .*)$/.exec(last)?.[1];
  if (unreachable !== undefined) return machineError('MachineStartFailed', { role, reason: unreachable }, { output });
  if (ready === -1 || last.startsWith('bwrap: ')) {
    const reason = last || (code === undefined ? otherwise : `exit code ${code}`);
    return machineError('SandboxUnavailable', { reason }, { output });
  }
  return machineError('MachineStartFailed', { role, reason: last || otherwise }, { output });
}

/** How the programs in the chain say that the next one is not there. */
const MISSING = [
  /^bwrap: execvp (\S+): No such file/,
  /^kiln-relay: (\S+): not found/,
  /^setpriv: failed to execute (\S+): No such file/,
  /^unshare: failed to execute (\S+): No such file/,
  /^(?:kiln-machine|kiln-sandbox|kiln-guard|kiln-offline): \d+: (?:exec: )?(\S+): not found/,
];
