import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { giveToBuildUser } from '../../sandbox/build-user.ts';
import { runTool } from '../../sandbox/tool.ts';
import type { KeyPair } from '../ssh/key-pair.ts';

/** What a guest is told at its first boot. */
export interface Provisioning {
  /** Fresh for every machine: cloud-init provisions once per instance id. */
  readonly instanceId: string;
  readonly hostName: string;
  readonly user: string;
  /** Public key that may log in. */
  readonly authorizedKey: string;
  /** The guest's own key, made here: it can be checked from the first connection on, and the guest saves seconds. */
  readonly hostKey: KeyPair;
}

/** The `user-data` of a NoCloud seed. The image's own default user is not made: `users` has no `default`. */
export function userData(provisioning: Provisioning): string {
  const document = {
    users: [
      {
        name: provisioning.user,
        gecos: 'Image build',
        shell: '/bin/bash',
        lock_passwd: true,
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        ssh_authorized_keys: [provisioning.authorizedKey],
      },
    ],
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: provisioning.hostKey.privateKey, ed25519_public: provisioning.hostKey.publicKey },
    // Without a name for itself every sudo in the guest asks the name server, and waits for it where there is none.
    manage_etc_hosts: 'localhost',
  };
  return `#cloud-config\n${stringify(document)}`;
}

/** Writes the seed as an ISO 9660 volume that cloud-init's NoCloud source looks for. */
export async function writeSeed(path: string, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const folder = `${path}.d`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await giveToBuildUser(folder);
  try {
    const files = {
      'user-data': userData(provisioning),
      'meta-data': stringify({
        'instance-id': provisioning.instanceId,
        'local-hostname': provisioning.hostName,
      }),
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content, { mode: 0o600 });
      await giveToBuildUser(join(folder, name));
    }
    await writeFile(path, '', { mode: 0o600 });
    await giveToBuildUser(path);
    await runTool('genisoimage', ['-quiet', '-R', '-J', '-V', 'cidata', '-o', path, folder], {
      readable: [folder],
      writable: [path],
      signal,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
