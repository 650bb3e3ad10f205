import { execa } from 'execa';
import { isAbort, KilnError } from '../errors/kiln-error.ts';
import { machineError } from '../errors/machine.ts';
import { asBuildUser } from './build-user.ts';
import { groupGone, killGroup } from './process-group.ts';

export interface ToolOptions {
  /** Paths that the tool may read. */
  readonly readable?: readonly string[];
  /** Files or directories that it may write. They must exist. */
  readonly writable?: readonly string[];
  readonly signal?: AbortSignal;
  readonly input?: string | Buffer;
  /** Standard output as it comes, for tools that redraw one line with carriage returns. */
  readonly onOutput?: (text: string) => void;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** What a tool finds around it: the system's programs, an empty `/tmp`, its own `/proc` and `/dev`. */
export const BARE_ROOT = [
  ['--ro-bind', '/usr', '/usr'],
  ['--symlink', 'usr/bin', '/bin'],
  ['--symlink', 'usr/sbin', '/sbin'],
  ['--symlink', 'usr/lib', '/lib'],
  ['--symlink', 'usr/lib64', '/lib64'],
  ['--ro-bind-try', '/etc/alternatives', '/etc/alternatives'],
  ['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
  ['--proc', '/proc'],
  ['--dev', '/dev'],
  ['--tmpfs', '/tmp'],
].flat();

/**
 * Runs a program as the build user, without network, without privileges, seeing only the paths named, and
 * never longer than this process. Disks are a guest's work: a tool that reads one is as exposed as the VM. When this
 * rejects, the tool has ended.
 *
 * @throws KilnError `ToolMissing`, `ToolFailed`, `SandboxUnavailable`; the signal's reason when aborted.
 */
export async function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const prefix = await asBuildUser();
  const box = [
    // Much of the kernel is only in reach of who can make a user namespace.
    ...['bwrap', '--die-with-parent', '--unshare-all', '--unshare-user', '--disable-userns', '--cap-drop', 'ALL'],
    ...BARE_ROOT,
    ...(options.readable ?? []).flatMap(path => ['--ro-bind', path, path]),
    ...(options.writable ?? []).flatMap(path => ['--bind', path, path]),
    ...['--chdir', options.workingDirectory ?? '/'],
    '--',
  ];
  const [command = tool, ...rest] = [...prefix, ...box, tool, ...args];
  options.signal?.throwIfAborted();
  const running = execa(command, rest, {
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/tmp', ...options.environment },
    extendEnv: false,
    maxBuffer: 64 * 1024 * 1024,
    // A group of its own: the terminal's Ctrl-C is Kiln's to answer, and all of it can be ended at once.
    detached: true,
  });
  const onAbort = () => killGroup(running.pid);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (options.onOutput !== undefined) running.stdout?.on('data', chunk => options.onOutput?.(String(chunk)));
    const { stdout, stderr } = await running;
    return { stdout, stderr };
  } catch (cause) {
    killGroup(running.pid);
    await groupGone(running.pid);
    options.signal?.throwIfAborted();
    if (isAbort(cause) || cause instanceof KilnError) throw cause;
    throw toolError(tool, cause as ToolFailure);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

interface ToolFailure {
  readonly code?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly stderr?: string;
  readonly shortMessage?: string;
}

function toolError(tool: string, failure: ToolFailure): KilnError {
  const lines = (failure.stderr ?? '').split('\n').filter(line => line.trim() !== '');
  const last = lines.at(-1) ?? '';
  // The first word of the command is what Node did not find.
  if (failure.code === 'ENOENT') return toolMissing(process.getuid?.() === 0 ? 'setpriv' : 'bwrap');
  if (last.startsWith('setpriv: failed to execute')) return toolMissing('bwrap');
  if (last.startsWith('bwrap: execvp') && last.includes('No such file')) {
    return toolMissing(tool);
  }
  // A path that the build user can't reach is the caller's to mend, not the sandbox's.
  const unreachable = /^bwrap: (Can't (?:find source path|chdir to) .*)$/.exec(last)?.[1];
  if (unreachable !== undefined) return machineError('ToolFailed', { tool, reason: unreachable }, { cause: failure });
  if (last.startsWith('bwrap:')) {
    return machineError('SandboxUnavailable', { reason: last.slice('bwrap: '.length) });
  }
  const reason = failure.signal !== undefined ? `ended by ${failure.signal}` : `exit code ${failure.exitCode ?? '?'}`;
  return machineError(
    'ToolFailed',
    { tool, reason: last === '' ? reason : `${reason}: ${last}` },
    {
      output: lines.slice(-20),
      cause: failure,
    },
  );
}

function toolMissing(tool: string): KilnError {
  return machineError('ToolMissing', { tool, package: packageOf(tool) });
}

const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  genisoimage: 'genisoimage',
  pasta: 'passt',
  socat: 'socat',
  sfdisk: 'fdisk',
  mke2fs: 'e2fsprogs',
  bwrap: 'bubblewrap',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  ip: 'iproute2',
};

/** The Debian and Ubuntu package that a program is in. */
export function packageOf(tool: string): string {
  return PACKAGES[tool] ?? tool;
}
