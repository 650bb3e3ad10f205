import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { sandboxedCommand } from '../../src/machine/qemu/sandboxed-command.ts';
import { guardedNetwork } from '../../src/network/namespace.ts';
import { asBuildUser, directoryForBuildUser, giveToBuildUser } from '../../src/sandbox/build-user.ts';

/** What a shell script says in the place of QEMU: in its network, its sandbox, with its rights. */
export async function inGuestNetwork(script: string, allow: readonly string[] = []): Promise<string> {
  const network = await guardedNetwork(allow);
  const directory = await mkdtemp(join(tmpdir(), 'kiln-network-'));
  try {
    await directoryForBuildUser(join(directory, 'io'));
    await execa('chmod', ['0755', directory]);
    const [outer, inner] = [join(directory, 'outer'), join(directory, 'inner')];
    for (const [path, content] of [
      [outer, network.outerResolvConf],
      [inner, network.innerResolvConf],
    ] as const) {
      await writeFile(path, content);
      await giveToBuildUser(path);
    }
    const [command = '', ...args] = sandboxedCommand(
      await asBuildUser(),
      network.command,
      {
        writableDirectory: { path: join(directory, 'io'), inside: '/machine/io' },
        writable: [],
        readOnly: [],
        outerResolvConf: outer,
        innerResolvConf: inner,
        devices: network.devices,
        kvm: false,
      },
      { socket: '/machine/io/ssh.sock', port: 2222 },
      ['sh', '-c', script],
    );
    const result = await execa(command, args, {
      stdin: 'ignore',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
      extendEnv: false,
      reject: false,
    });
    if (result.exitCode !== 0) throw new Error(`${result.exitCode}: ${result.stderr}`);
    return result.stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `open` or `closed` for each address, by the routes; nothing is sent. */
export function routeQuestions(addresses: readonly string[]): string {
  return addresses
    .map(
      address =>
        `case $(ip -4 route get ${address} 2>/dev/null) in '') echo closed;; local*) echo own;; *) echo open;; esac`,
    )
    .join('\n');
}
