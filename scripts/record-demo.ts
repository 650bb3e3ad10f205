// Writes the terminal output of a real run into README.md, between the marks `demo:begin` and `demo:end`.
//   node scripts/record-demo.ts RUN_DIRECTORY    a directory below runs/ in KILN_HOME
// Prevents: a README that shows output which no version of Kiln ever printed.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { keptLines } from '../src/cli/render/terminal-lines.ts';
import { artifactLines } from '../src/cli/render/wording.ts';
import type { BuildEvent } from '../src/events/build-event.ts';
import { runDirectory } from '../src/home/run-directory.ts';

const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error('usage: node scripts/record-demo.ts RUN_DIRECTORY');
  process.exit(2);
}
const directory = runDirectory(resolve(given));
const home = resolve(directory.root, '../..');
const events = readFileSync(directory.events, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as BuildEvent);
const lines = [
  ...events.flatMap(keptLines),
  ...events.flatMap(event => (event.type === 'artifact-published' ? artifactLines(event) : [])),
].map(({ text }) => text.replaceAll(home, '/home/you/.kiln'));

const readme = readFileSync('README.md', 'utf8');
const block = ['```text', '$ ./kiln build examples/web-server/template.json', ...lines, '```'].join('\n');
const marked = /(<!-- demo:begin -->\n)[\s\S]*?(<!-- demo:end -->)/;
if (!marked.test(readme)) throw new Error('README.md has no marks for the recording');
writeFileSync(
  'README.md',
  readme.replace(marked, (_, begin: string, end: string) => `${begin}${block}\n${end}`),
);
