import { readFile, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { KilnError } from '../../errors/kiln-error.ts';
import { findAccelerator } from '../../machine/qemu/accelerator.ts';
import { findFirmware } from '../../machine/qemu/firmware.ts';
import { size } from '../render/amounts.ts';
import { type Finding, fine, missing, type Patient, warning } from './finding.ts';

const NODE = 24;
const GIB = 1024 ** 3;
const ROOMY_DISK = 20 * GIB;
const ROOMY_MEMORY = 2 * GIB;

export function checkNode(version = process.version): Finding {
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= NODE) return fine('Node.js', version);
  return missing('Node.js', version, `Install Node.js ${NODE} or later; a checkout brings its own: run ./kiln`);
}

export async function checkFirmware(): Promise<Finding> {
  const name = 'UEFI firmware';
  try {
    return fine(name, (await findFirmware()).code);
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    return missing(name, `${error.message} Needed for generation 2.`, 'apt-get install ovmf');
  }
}

export async function checkAccelerator(patient: Patient): Promise<Finding> {
  const name = 'accelerator';
  try {
    const { accelerator, reason } = await findAccelerator(patient.home);
    if (accelerator === 'kvm') return fine(name, reason);
    const mend =
      'Builds work, but take several times as long. Turn on virtualization in the firmware or hypervisor, and let the build user open /dev/kvm.';
    return warning(name, reason, mend);
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    return missing(name, error.message, 'Mend what is missing above, then run `kiln doctor` again.');
  }
}

/** Free space where the home is, or will be. */
export async function checkDisk(patient: Patient): Promise<Finding> {
  const { root } = patient.home;
  const { bavail, bsize } = await statfsOfParent(root);
  const free = Number(bavail) * Number(bsize);
  const found = `${size(free)} free under ${root}`;
  if (free >= ROOMY_DISK) return fine('disk space', found);
  return warning(
    'disk space',
    found,
    `Have ${size(ROOMY_DISK)} for a source, a build and its results, or set KILN_HOME elsewhere.`,
  );
}

async function statfsOfParent(path: string): ReturnType<typeof statfs> {
  try {
    return await statfs(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw cause;
    return statfsOfParent(dirname(path));
  }
}

export async function checkMemory(): Promise<Finding> {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
  const bytes = Number(available ?? 0) * 1024;
  const found = `${size(bytes)} available of ${size(totalmem())}`;
  if (bytes >= ROOMY_MEMORY) return fine('memory', found);
  return warning('memory', found, `Have ${size(ROOMY_MEMORY)} for a build VM; a smaller \`vmSize\` needs less.`);
}
