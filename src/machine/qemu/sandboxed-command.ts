import { BARE_ROOT } from '../../sandbox/tool.ts';

export interface SandboxPaths {
  /** A directory that QEMU writes to, and where it sees it. */
  readonly writableDirectory: SeenAs;
  /** Existing files that QEMU writes to. */
  readonly writable: readonly SeenAs[];
  readonly readOnly: readonly SeenAs[];
  readonly outerResolvConf: string;
  readonly innerResolvConf: string;
  readonly devices: readonly string[];
  readonly kvm: boolean;
}

export interface SeenAs {
  readonly path: string;
  readonly inside: string;
}

/** `network` makes one user namespace. None can be made in that one. */
const LAST_USER_NAMESPACE = 'echo 1 >/proc/sys/user/max_user_namespaces && exec "$@"';

/** The relay for SSH says this on stderr once the network stands: what follows in the log is bwrap's or QEMU's. */
export const NETWORK_READY = 'kiln: the network is guarded';

/**
 * The command line that runs QEMU where it can't do harm, from the outside in:
 *
 * 1. the build user, without privileges (`asBuildUser`);
 * 2. bwrap: mount, process, IPC and host-name namespaces of its own; everything in it dies with its first process;
 * 3. the network (`network`): a network namespace whose routes are closed, then the relay for SSH;
 * 4. bwrap again: mount and process namespaces without any capability, then QEMU.
 *
 * Step 3 makes the last user namespace: much of the kernel is only in reach of who can make one.
 *
 * All of it stays in the process group of whoever starts it, so that it can be killed at once.
 */
export function sandboxedCommand(
  asUser: readonly string[],
  network: readonly string[],
  paths: SandboxPaths,
  sshRelay: { readonly socket: string; readonly port: number },
  qemu: readonly string[],
): string[] {
  const { writableDirectory, readOnly } = paths;
  const writable = [writableDirectory, ...paths.writable];
  const outer = [
    ...['bwrap', '--die-with-parent', '--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...['--unshare-cgroup-try', '--hostname', 'kiln', '--cap-add', 'CAP_SYS_RESOURCE'],
    ...BARE_ROOT,
    ...[...paths.devices, ...(paths.kvm ? ['/dev/kvm'] : [])].flatMap(device => ['--dev-bind', device, device]),
    ...writable.flatMap(({ path, inside }) => ['--bind', path, inside]),
    ...readOnly.flatMap(({ path, inside }) => ['--ro-bind', path, inside]),
    ...['--ro-bind', paths.outerResolvConf, '/etc/resolv.conf'],
    ...['--ro-bind', paths.innerResolvConf, '/etc/resolv.conf.guest'],
    ...['--chdir', writableDirectory.inside, '--', 'sh', '-c', LAST_USER_NAMESPACE, 'kiln-sandbox'],
  ];
  const inner = [
    ...['bwrap', '--die-with-parent', '--unshare-pid', '--cap-drop', 'ALL'],
    ...BARE_ROOT,
    ...(paths.kvm ? ['--dev-bind', '/dev/kvm', '/dev/kvm'] : []),
    ...writable.flatMap(({ inside }) => ['--bind', inside, inside]),
    ...readOnly.flatMap(({ inside }) => ['--ro-bind', inside, inside]),
    ...['--ro-bind', '/etc/resolv.conf.guest', '/etc/resolv.conf', '--chdir', writableDirectory.inside, '--'],
  ];
  // A core would hold the guest's memory.
  const relay = `ulimit -c 0
command -v socat >/dev/null || { echo "kiln-relay: socat: not found" >&2; exit 127; }
socat UNIX-LISTEN:${sshRelay.socket},fork,mode=0600 TCP4:127.0.0.1:${sshRelay.port} 2>/dev/null &
echo "${NETWORK_READY}" >&2
exec "$@"`;
  return [...asUser, ...outer, ...network, 'sh', '-c', relay, 'kiln-relay', ...inner, ...qemu];
}
