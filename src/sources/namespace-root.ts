import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { asBuildUser } from '../sandbox/build-user.ts';

/**
 * Words before a command that make it "root" of a user namespace of the build user's own: it may own files as any
 * user and mount things nobody else sees, and has no right outside. Everything that it starts ends with it, and it ends
 * with this process. The network is the host's.
 */
export async function asNamespaceRoot(): Promise<readonly string[]> {
  return [
    ...(await asBuildUser()),
    ...['setpriv', '--pdeathsig', 'KILL', '--'],
    ...['unshare', '--map-auto', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
  ];
}

/** What programs in the namespace are told, whatever the user's own environment is. Proxies are needed to get out. */
export function namespaceEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap(name => {
    const value = process.env[name] ?? process.env[name.toUpperCase()];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: '/tmp',
    ...Object.fromEntries(proxies),
    ...more,
  };
}

/** Removes a directory, whichever users of the namespace its files belong to. */
export async function removeAsNamespaceRoot(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (cause) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    const [command = 'unshare', ...words] = await asNamespaceRoot();
    await execa(command, [...words, 'rm', '-rf', '--', path], { env: namespaceEnvironment(), extendEnv: false });
    await rm(path, { recursive: true, force: true });
  }
}
