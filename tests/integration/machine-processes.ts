import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Command lines of what runs and has a word in its arguments. Zombies have none. */
export async function running(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = await readFile(join('/proc', pid, 'cmdline'), 'latin1').catch(() => '');
    if (command.includes(word)) found.push(`${pid} ${command.replaceAll('\0', ' ').slice(0, 100)}`);
  }
  return found;
}

/** The same, once those that are about to end had the time to. */
export async function stillRunning(word: string, limitMs = 10_000): Promise<string[]> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await running(word);
    if (found.length === 0 || Date.now() > deadline) return found;
    await delay(50);
  }
}

export interface NodeProcess {
  readonly child: ChildProcess;
  /** The next line on its standard output. */
  line(): Promise<string>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string | null>;
}

/** A Node process that runs a file of this folder. `before` are words in front of the command. */
export function nodeProcess(
  file: string,
  args: readonly string[],
  before: readonly string[] = [],
  seenAs: (path: string) => string = path => path,
): NodeProcess {
  const program = [seenAs(process.execPath), seenAs(join(import.meta.dirname, file))];
  const [command = '', ...rest] = [...before, ...program, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => String((await lines.next()).value),
    ended: once(child, 'exit').then(([code, signal]) => code ?? signal),
  };
}
