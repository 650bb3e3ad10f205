import { rm } from 'node:fs/promises';
import { machineDirectory, type RunDirectory } from '../home/run-directory.ts';

/** Removes what could start a run's machines again, or log in to them. Their logs and screenshots stay. */
export async function removeMachines(directory: RunDirectory): Promise<void> {
  for (const root of [directory.buildMachine, directory.validationMachine]) {
    const { root: _, serialLog, qemuLog, screenshot, disk, ...files } = machineDirectory(root);
    for (const path of [...Object.values(files), `${files.seed}.d`]) await rm(path, { recursive: true, force: true });
    // Last: a sweep looks for it.
    await rm(disk, { force: true });
  }
}

/** Removes half-made artifacts and fetched files. */
export async function removeWork(directory: RunDirectory): Promise<void> {
  for (const path of [directory.work, directory.artifacts]) await rm(path, { recursive: true, force: true });
}
