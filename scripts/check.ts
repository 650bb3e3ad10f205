// Prevents: a change that breaks a rule of this repository, whichever rule it is: one command runs all checks, side by side, the
// same on a desk and in CI. Prints a line for each check, and the output of those that failed.
import { spawn } from 'node:child_process';

const NODE_TOOLS: readonly (readonly [name: string, ...args: string[]])[] = [
  ['types', 'node_modules/typescript7/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  ['lint and format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['dead code', 'node_modules/knip/bin/knip.js', '--no-progress'],
  ['room boundaries', 'scripts/check-rooms.ts'],
  ['documents', 'scripts/check-docs.ts'],
  ['JSON Schema', 'scripts/json-schema.ts'],
  ['tests', 'scripts/check-tests.ts'],
  ['file sizes', 'scripts/check-sizes.ts'],
  ['lock file', 'scripts/complete-lockfile.ts', '--check'],
];

const results = await Promise.all(NODE_TOOLS.map(([name, ...args]) => check(name, args)));
if (results.includes(false)) process.exitCode = 1;

function check(name: string, args: readonly string[]): Promise<boolean> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', chunk => output.push(chunk));
    child.stderr.on('data', chunk => output.push(chunk));
    child.once('error', reject);
    child.once('close', code => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
      if (code !== 0) console.log(Buffer.concat(output).toString().trimEnd());
      resolve(code === 0);
    });
  });
}
