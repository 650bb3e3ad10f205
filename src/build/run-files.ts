import { rm } from 'node:fs/promises';
import { machineDirectory, type RunDirectory } from '../home/run-directory.ts';

/** Removes what could start a run's machines again, or log in to them. Their logs and screenshots stay. */
export async function removeMachines(directory: RunDirectory): Promise<void> {
  for (const root of [directory.buildMachine, directory.validationMachine]) {
    const { root: _, serialLog, qemuLog, screenshot, ...files } = machineDirectory(root);
    for (const path of Object.values(files)) await rm(path, { recursive: true, force: true });
    await rm(`${files.seed}.d`, { recursive: true, force: true });
  }
}

/** Removes half-made artifacts and fetched files. */
export async function removeWork(directory: RunDirectory): Promise<void> {
  for (const path of [directory.work, directory.artifacts]) await rm(path, { recursive: true, force: true });
}
