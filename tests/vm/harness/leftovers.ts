import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KilnHome } from '../../../src/home/kiln-home.ts';

/** What stays of a run by design. */
const KEPT_NAMES = [
  ...['template.json', 'events.jsonl', 'customization.log', 'validation.log'],
  ...['serial.log', 'qemu.log', 'screenshot.png', 'worker.log'],
];
const END_MS = 20_000;
/** A sandbox repeats the command lines of everything in it. */
const MAX_COMMAND = 120;

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that know a directory: by their command line, by what is mounted in their namespace (so that everything in
 * a sandbox is found, whatever it is called there), or by a file that they have open.
 */
export async function processesOf(directory: string): Promise<RunningProcess[]> {
  const found: RunningProcess[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const command = (await textOf(`/proc/${name}/cmdline`)).replaceAll('\0', ' ').trim();
    const knows =
      command.includes(directory) ||
      (await textOf(`/proc/${name}/mountinfo`)).includes(directory) ||
      (await openFiles(name)).some(path => path.startsWith(directory));
    if (knows) found.push({ pid: Number(name), command: command.slice(0, MAX_COMMAND) });
  }
  return found;
}

/** The same, once those that are about to end had the time to; empty as soon as none is left. */
export async function lastingProcesses(directory: string, limitMs = END_MS): Promise<RunningProcess[]> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await processesOf(directory);
    if (found.length === 0 || Date.now() > deadline) return found;
    await delay(200);
  }
}

/** Files of a home that no finished build may leave: sockets, disks, keys, locks, half-written artifacts. */
export async function strayFiles(home: KilnHome): Promise<string[]> {
  const runs = (await filesBelow(home.runs)).filter(path => !KEPT_NAMES.includes(basename(path)));
  const regions = (await filesBelow(home.regions)).filter(path => path.includes('/incoming/'));
  const uses = await filesBelow(join(home.sources, 'uses'));
  const work = await filesBelow(join(home.sources, 'work'));
  return [...runs, ...regions, ...uses, ...work].map(path => relative(home.root, path));
}

/** Blobs and VHDs of all regions. */
export async function storedFiles(home: KilnHome): Promise<string[]> {
  // Whose a region is stays with it.
  return (await filesBelow(home.regions)).filter(path => basename(path) !== 'store-id');
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name));
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function openFiles(pid: string): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return Promise.all(names.map(name => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
}
