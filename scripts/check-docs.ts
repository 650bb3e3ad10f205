// Prevents: documentation that no longer describes the code. docs/errors.md is generated (--write), the other pages must name
// everything that the code has and nothing that it lost, links between documents must lead somewhere, and the checksums in the
// examples must be those of the files beside them.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSiteConfig } from '../src/config/site-config.ts';
import { STAGES } from '../src/events/build-event.ts';
import { kilnHome } from '../src/home/kiln-home.ts';
import { machineDirectory, runDirectory } from '../src/home/run-directory.ts';
import { serviceDirectory } from '../src/home/service-directory.ts';
import { errorsPage } from './errors-page.ts';

interface Command {
  name(): string;
  readonly commands: readonly Command[];
}

const problems: string[] = [];

const errors = await errorsPage();
if (process.argv.includes('--write')) writeFileSync('docs/errors.md', errors);
else if (read('docs/errors.md') !== errors) problems.push('docs/errors.md is stale: run `npm run docs -- --write`');

compare('docs/events.md', headings('docs/events.md', /^### `([a-z-]+)`$/gm), eventTypes());
mentions('docs/events.md', STAGES);
const internals = 'docs/internals.md';
compare(internals, table(internals, 'The home'), names(kilnHome({ KILN_HOME: '/home-of-kiln' })));
compare(internals, table(internals, 'A run'), names(runDirectory('/run')));
compare(internals, table(internals, 'A machine'), names(machineDirectory('/machine')));
compare(internals, table(internals, "The service's files"), names(serviceDirectory('/service')));
// What has no default is a key only where it is given.
compare(
  internals,
  table(internals, 'Site configuration'),
  keys(parseSiteConfig('database: postgres:///kiln', 'config.yaml')),
);
if (existsSync('src/cli/program.ts')) {
  const { program } = (await import(resolve('src/cli/program.ts'))) as { program: () => Command };
  compare('docs/cli.md', headings('docs/cli.md', /^#{2,4} `kiln ([a-z -]+?)(?: [<[].*)?`$/gm), commandsOf(program()));
}
links();
checksums();

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function headings(file: string, pattern: RegExp): string[] {
  return [...read(file).matchAll(pattern)].map(match => match[1] ?? '');
}

/** The names in the first column of the table below a heading; directories end in `/`. */
function table(file: string, heading: string): string[] {
  const section = read(file).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+?)\/?`/g)].map(match => match[1] ?? ''),
  );
}

/** What the page names and what the code has are the same set. */
function compare(file: string, documented: readonly string[], real: readonly string[]): void {
  if (real.length === 0) problems.push(`${file}: nothing in the code was seen to compare it with`);
  for (const name of real) if (!documented.includes(name)) problems.push(`${file}: \`${name}\` is missing`);
  for (const name of documented) if (!real.includes(name)) problems.push(`${file}: \`${name}\` is not in the code`);
}

function mentions(file: string, wanted: readonly string[]): void {
  const text = read(file);
  for (const name of wanted) if (!text.includes(`\`${name}`)) problems.push(`${file}: \`${name}\` is not mentioned`);
}

function eventTypes(): string[] {
  const union = read('src/events/build-event.ts')
    .split('export type BuildEventBody')[1]
    ?.split('export type BuildEvent ')[0];
  return [...(union ?? '').matchAll(/readonly type: '([a-z-]+)'/g)].map(match => match[1] ?? '');
}

/** Base names of a directory's members; its own name is the root's and is left out. */
function names(directory: object): string[] {
  const { root = '', ...paths } = directory as Record<string, string>;
  return Object.values(paths).map(path => relative(root, path));
}

/** Keys that a site configuration may have, with dots. Lists, and maps that are empty by default, are one key. */
function keys(value: object): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const nested = typeof inner === 'object' && !Array.isArray(inner) ? keys(inner) : [];
    return nested.length === 0 ? [key] : nested.map(name => `${key}.${name}`);
  });
}

/** Full names of the commands that do something: `runs show`, not `runs`. */
function commandsOf(command: Command, above: readonly string[] = []): string[] {
  return command.commands.flatMap(child => {
    const name = [...above, child.name()];
    return child.commands.length === 0 ? [name.join(' ')] : commandsOf(child, name);
  });
}

function links(): void {
  for (const file of [...globSync('*.md'), ...globSync('{docs,examples,bench,recipes,catalogue}/**/*.md')]) {
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target) || existsSync(join(dirname(file), target))) continue;
      problems.push(`${file}: the link to ${target} leads nowhere`);
    }
  }
}

function checksums(): void {
  const templates = globSync('examples/*/template.json');
  if (templates.length === 0) problems.push('examples/: no template was seen');
  for (const file of templates) {
    const text = read(file);
    const pairs = text.matchAll(/"s(?:cript|ource)Uri": "([^":]+)",\s*"sha256Checksum": "([^"]*)"/g);
    for (const [, name = '', stated] of pairs) {
      const real = createHash('sha256')
        .update(readFileSync(join(dirname(file), name)))
        .digest('hex');
      if (real !== stated) problems.push(`${file}: the checksum of ${name} is ${real}`);
    }
  }
}
