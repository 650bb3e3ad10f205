// Runs `npm run check` and the rings of tests, all of them even if one fails, and ends with the totals on a line of their own.
// A ring's result comes from the test runner's own report: a ring that ran no test, or left no report, counts as a failure.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const without = process.argv.includes('--fast')
  ? ['vm', 'vm-slow']
  : process.argv.includes('--no-slow')
    ? ['vm-slow']
    : [];
const rings = ['unit', 'integration', 'postgres', 'vm', 'vm-slow'].filter(ring => !without.includes(ring));
const reports = mkdtempSync(join(tmpdir(), 'kiln-test-'));
let child: ReturnType<typeof spawn> | undefined;
let stopped: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = signal;
    child?.kill(signal);
  });
}

const results: Result[] = [];
try {
  heading('check');
  results.push(count(await run(['scripts/check.ts'])));
  for (const ring of rings) {
    if (stopped !== undefined) break;
    heading(ring);
    results.push(await runRing(ring));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}

const passed = sum(results.map(r => r.passed));
const failed = sum(results.map(r => r.failed));
const skipped = sum(results.map(r => r.skipped));
console.log('');
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
if (stopped !== undefined) console.log(`stopped by ${stopped}: not everything was run`);
process.exitCode = failed === 0 && stopped === undefined ? 0 : 1;

async function runRing(ring: string): Promise<Result> {
  const report = join(reports, `${ring}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = await run(['node_modules/vitest/vitest.mjs', 'run', '--project', ring, ...reporters]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    ) as Report;
    // A file that could not even be loaded holds no test, yet it failed.
    const brokenFiles = testResults.filter(f => f.status === 'failed' && f.assertionResults.length === 0).length;
    const failed = numFailedTests + brokenFiles;
    const silent = (!ok && failed === 0) || numPassedTests + failed === 0 ? 1 : 0;
    return { passed: numPassedTests, failed: failed + silent, skipped: numPendingTests };
  } catch (cause) {
    console.error(`${ring}: no report (${(cause as Error).message})`);
    return count(false);
  }
}

function run(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', code => resolve(code === 0));
  });
}

function count(ok: boolean): Result {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

function heading(name: string): void {
  console.log(`\n=== ${name}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
