import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Finding, fine, missing, type Patient, warning } from './finding.ts';

interface Tool {
  readonly name: string;
  /** Of Debian and Ubuntu. */
  readonly package: string;
  readonly needed: 'always' | 'sometimes';
  readonly for: string;
}

const TOOLS: readonly Tool[] = [
  { name: 'qemu-system-x86_64', package: 'qemu-system-x86', needed: 'always', for: 'build VMs' },
  { name: 'qemu-img', package: 'qemu-utils', needed: 'always', for: 'disks' },
  { name: 'bwrap', package: 'bubblewrap', needed: 'always', for: 'the sandbox' },
  { name: 'setpriv', package: 'util-linux', needed: 'always', for: 'the sandbox' },
  { name: 'unshare', package: 'util-linux', needed: 'always', for: 'the sandbox' },
  { name: 'pasta', package: 'passt', needed: 'always', for: 'the network of build VMs' },
  { name: 'ip', package: 'iproute2', needed: 'always', for: 'the network of build VMs' },
  { name: 'socat', package: 'socat', needed: 'always', for: 'the connection to build VMs' },
  { name: 'genisoimage', package: 'genisoimage', needed: 'always', for: 'provisioning media' },
  { name: 'mmdebstrap', package: 'mmdebstrap', needed: 'sometimes', for: 'bootstrap recipes' },
  { name: 'newuidmap', package: 'uidmap', needed: 'sometimes', for: 'bootstrap recipes' },
  { name: 'sfdisk', package: 'fdisk', needed: 'sometimes', for: 'bootstrap recipes' },
  { name: 'mke2fs', package: 'e2fsprogs', needed: 'sometimes', for: 'bootstrap recipes' },
  { name: 'gpgv', package: 'gpgv', needed: 'sometimes', for: 'signed checksum files' },
  { name: 'ssh', package: 'openssh-client', needed: 'sometimes', for: '`kiln ssh`' },
];

/** One finding for each program that Kiln runs on this machine. */
export function checkTools(patient: Patient): Promise<Finding[]> {
  return Promise.all(TOOLS.map(tool => checkTool(patient, tool)));
}

async function checkTool(patient: Patient, tool: Tool): Promise<Finding> {
  const directories = patient.path.split(delimiter).filter(directory => directory !== '');
  for (const directory of directories) {
    const path = join(directory, tool.name);
    if (await isExecutable(path)) return fine(tool.name, path);
  }
  const found = `not in ${patient.path}; needed for ${tool.for}`;
  const mend = `apt-get install ${tool.package}`;
  return tool.needed === 'always' ? missing(tool.name, found, mend) : warning(tool.name, found, mend);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
