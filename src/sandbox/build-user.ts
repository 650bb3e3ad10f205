import { chmod, lchown, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { execa } from 'execa';
import { machineError } from '../errors/machine.ts';

/** The account that QEMU and the disk tools run as. */
export interface BuildUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Made by set-up when Kiln is started by root: nothing that reads a guest's data runs as root. */
export const SYSTEM_USER = 'kiln';

let known: Promise<BuildUser> | undefined;

/** The system user `kiln` for root, else whoever started Kiln. */
export function buildUser(): Promise<BuildUser> {
  known ??= find();
  return known;
}

async function find(): Promise<BuildUser> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return { name: String(uid), uid, gid };
  const { stdout, exitCode } = await execa('getent', ['passwd', SYSTEM_USER], { reject: false });
  const [, , systemUid, systemGid] = stdout.split(':');
  if (exitCode !== 0 || systemUid === undefined || systemGid === undefined) {
    known = undefined;
    throw machineError('SandboxUnavailable', { reason: `there is no system user \`${SYSTEM_USER}\` to run VMs as` });
  }
  return { name: SYSTEM_USER, uid: Number(systemUid), gid: Number(systemGid) };
}

/**
 * Makes a directory (and its parents) in which the build user may write. What is made can be passed through by
 * everybody, whatever the process's umask: the build user has to.
 */
export async function directoryForBuildUser(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o755 });
  if (first !== undefined) {
    for (let made = resolve(path); made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
  }
  await giveToBuildUser(path);
}

/** Makes the build user the owner of a file or directory. A symbolic link is given itself, not what it points to. */
export async function giveToBuildUser(path: string): Promise<void> {
  const { uid, gid } = await buildUser();
  if (process.getuid?.() === 0) await lchown(path, uid, gid);
}

/** Words before a command that make it run as the build user without any privilege. */
export async function asBuildUser(): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const { uid, gid } = await buildUser();
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--'];
}
