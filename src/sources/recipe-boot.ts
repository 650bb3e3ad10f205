import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceError } from '../errors/sources.ts';
import type { Emit } from '../events/build-event.ts';
import { giveToBuildUser } from '../sandbox/build-user.ts';
import { runTool } from '../sandbox/tool.ts';
import type { Recipe } from './recipe.ts';

export interface RecipeBoot {
  readonly disk: string;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * Boots a disk once with its kernel given directly, because it has no boot loader yet, until the guest powers off.
 * Emulated, without network, in the sandbox of the disk tools: it happens once per image and takes half a minute.
 *
 * @throws KilnError `RecipeFailed`, those of `runTool`; the signal's reason when aborted.
 */
export async function bootRecipeDisk(
  recipe: Recipe,
  boot: NonNullable<Recipe['boot']>,
  { disk, directory, signal, emit }: RecipeBoot,
): Promise<void> {
  const [kernel, initrd] = [join(directory, boot.kernel), join(directory, boot.initrd)];
  const commandLine = (await readFile(join(directory, boot.commandLine), 'utf8')).trim();
  const serial = join(directory, 'serial.log');
  await writeFile(serial, '', { flag: 'wx' });
  await giveToBuildUser(serial);
  emit({ type: 'log', level: 'info', message: `${recipe.name}: booting once to make the disk bootable` });

  const limit = AbortSignal.timeout(boot.minutes * 60_000);
  const fail = async (reason: string, cause?: unknown) => {
    const output = (await readFile(serial, 'utf8').catch(() => '')).split(/\r?\n/).slice(-20);
    const params = { recipe: recipe.name, stage: 'made the disk bootable', reason };
    return sourceError('RecipeFailed', params, { output, ...(cause === undefined ? {} : { cause }) });
  };
  try {
    await runTool(
      'qemu-system-x86_64',
      [
        ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', `${boot.memoryMiB}`],
        ...['-nodefaults', '-display', 'none', '-nic', 'none', '-no-reboot'],
        ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
        // The disk is thrown away if anything goes wrong: it need not survive a crash of the host.
        ...['-drive', `if=virtio,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap,file=${escaped(disk)}`],
        ...['-device', 'virtio-rng-pci', '-serial', `file:${serial}`],
        ...['-kernel', kernel, '-initrd', initrd, '-append', commandLine],
      ],
      {
        readable: [kernel, initrd],
        writable: [disk, serial],
        signal: AbortSignal.any([signal, limit]),
      },
    );
  } catch (cause) {
    signal.throwIfAborted();
    if (limit.aborted) throw await fail(`it was not done within ${boot.minutes} minutes`);
    throw cause;
  }
  const said = await readFile(serial, 'utf8');
  if (!said.includes(boot.success)) throw await fail(`the guest did not say ${boot.success}`);
}

/** In a list of QEMU options a comma ends the value unless it is doubled. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
