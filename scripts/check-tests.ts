// Prevents: two tests of one name in a file (a report then does not say which one failed, and a copied test whose name was not
// changed usually tests the same thing twice), and tests that were switched off or singled out and forgotten.
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const GROUPS = ['describe'];
const TESTS = ['test', 'it'];
const SWITCHES = ['only', 'skip', 'todo'];
const files = globSync('{src,tests}/**/*.test.ts');
if (files.length === 0) throw new Error('no test file was seen');
const problems: string[] = [];

for (const file of files) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const seen = new Map<string, number>();
  const at = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    let inside = groups;
    if (ts.isCallExpression(node)) {
      const called = wordsOf(node.expression);
      const name = node.arguments[0] === undefined ? '' : node.arguments[0].getText(source).slice(1, -1);
      const [first = ''] = called;
      if ([...GROUPS, ...TESTS].includes(first) && called.some(word => SWITCHES.includes(word))) {
        problems.push(`${file}:${at(node)}: \`${called.join('.')}\` is not to be committed`);
      }
      // `test.each([...])('name', ...)`: the inner call has rows, the outer one the name.
      const named = node.arguments[0] !== undefined && ts.isStringLiteralLike(node.arguments[0]);
      if (named && GROUPS.includes(first)) inside = [...groups, name];
      if (named && TESTS.includes(first)) {
        const full = [...groups, name].join(' > ');
        const before = seen.get(full);
        if (before !== undefined)
          problems.push(`${file}:${at(node)}: a test of this name is on line ${before}: ${full}`);
        seen.set(full, at(node));
      }
    }
    ts.forEachChild(node, child => visit(child, inside));
  };
  visit(source, []);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

/** `test.each(rows)` as `['test', 'each']`. */
function wordsOf(expression: ts.Expression): string[] {
  if (ts.isIdentifier(expression)) return [expression.text];
  if (ts.isPropertyAccessExpression(expression)) return [...wordsOf(expression.expression), expression.name.text];
  if (ts.isCallExpression(expression)) return wordsOf(expression.expression);
  return [];
}
