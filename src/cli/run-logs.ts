import { existsSync } from 'node:fs';
import { machineDirectory, type RunDirectory } from '../home/run-directory.ts';

/** The logs that a run has, by the names that `kiln logs` takes. */
export function runLogs(directory: RunDirectory): Readonly<Record<string, string>> {
  const [build, validation] = [machineDirectory(directory.buildMachine), machineDirectory(directory.validationMachine)];
  const all = {
    customization: directory.customizationLog,
    validation: directory.validationLog,
    events: directory.events,
    serial: build.serialLog,
    qemu: build.qemuLog,
    screenshot: build.screenshot,
    'validation-serial': validation.serialLog,
    'validation-qemu': validation.qemuLog,
    'validation-screenshot': validation.screenshot,
  };
  return Object.fromEntries(Object.entries(all).filter(([, path]) => existsSync(path)));
}
