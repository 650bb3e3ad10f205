// Prevents: rooms that know more than ARCHITECTURE.md says (a step that knows QEMU, a build that knows the command line), and a
// check that passes because it looked at nothing: the modules that it saw must be the files that exist.
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

const command = [
  'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
  'src',
  '--config',
  '.dependency-cruiser.mjs',
];
const { modules, summary } = JSON.parse(
  execFileSync(process.execPath, [...command, '--output-type', 'json'], { encoding: 'utf8', maxBuffer: 2 ** 28 }),
) as Cruise;

const seen = new Set(modules.map(m => m.source));
const unseen = globSync('src/**/*.ts').filter(file => !seen.has(file));
for (const file of unseen) console.error(`${file}: not seen by the check of room boundaries`);
for (const { from, to, rule } of summary.violations) console.error(`${from} -> ${to}: ${rule.name}`);
if (unseen.length > 0 || summary.violations.length > 0) process.exit(1);
