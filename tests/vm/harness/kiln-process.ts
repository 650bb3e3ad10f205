import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunSummary } from '../../../src/cli/render/summary.ts';
import type { BuildEvent } from '../../../src/events/build-event.ts';
import { KILN, type TestHome } from './test-home.ts';

/** How a command line ended. */
export interface KilnEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `kiln` that runs. */
export interface KilnProcess {
  readonly pid: number;
  readonly ended: Promise<KilnEnd>;
  readonly running: boolean;
  signal(name: NodeJS.Signals): void;
}

export interface KilnBuild extends KilnProcess {
  readonly events: readonly BuildEvent[];
  /** The first event, past or to come, that fits; rejects when the build ends without one. */
  event(what: string, fits: (event: BuildEvent) => boolean): Promise<BuildEvent>;
  /** The document that the build ends with; rejects when it ends without one. */
  summary(): Promise<RunSummary & { readonly exitCode: number | null; readonly stderr: string }>;
}

export function startKiln(home: TestHome, args: readonly string[], onStdoutLine?: (line: string) => void): KilnProcess {
  const child = spawn(KILN, args, { env: home.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  if (onStdoutLine === undefined) {
    child.stdout.setEncoding('utf8').on('data', text => {
      output.stdout += text;
    });
  } else createInterface({ input: child.stdout }).on('line', onStdoutLine);
  child.stderr.setEncoding('utf8').on('data', text => {
    // A guest that floods its output must not fill the memory of its test.
    output.stderr = (output.stderr + text).slice(-1_000_000);
  });
  const ended = new Promise<KilnEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, ...output }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    signal: name => void child.kill(name),
  };
}

interface Watcher {
  readonly fits: (event: BuildEvent) => boolean;
  readonly resolve: (event: BuildEvent) => void;
}

export function startBuild(home: TestHome, template: string, options: readonly string[]): KilnBuild {
  const events: BuildEvent[] = [];
  let document: RunSummary | undefined;
  let watchers: readonly Watcher[] = [];
  const onLine = (line: string): void => {
    const value = JSON.parse(line) as BuildEvent | RunSummary;
    if (!('seq' in value)) {
      document = value;
      return;
    }
    events.push(value);
    for (const watcher of watchers.filter(({ fits }) => fits(value))) watcher.resolve(value);
  };
  const kiln = startKiln(home, ['build', template, '--events', '--output', 'json', ...options], onLine);
  const died = (end: KilnEnd, what: string) =>
    new Error(`the build ended (exit code ${end.exitCode}, signal ${end.signal}) without ${what}\n${end.stderr}`);
  return {
    ...{ pid: kiln.pid, ended: kiln.ended, events },
    get running() {
      return kiln.running;
    },
    signal: kiln.signal,
    event: async (what, fits) => {
      const past = events.find(fits);
      if (past !== undefined) return past;
      const future = new Promise<BuildEvent>(resolve => {
        watchers = [...watchers, { fits, resolve }];
      });
      const end = kiln.ended.then(ended => {
        throw died(ended, what);
      });
      return Promise.race([future, end]);
    },
    summary: async () => {
      const end = await kiln.ended;
      if (document === undefined) throw died(end, 'a summary');
      return { ...document, exitCode: end.exitCode, stderr: end.stderr };
    },
  };
}
