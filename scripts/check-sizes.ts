// Prevents: files that grew until nobody reads them. 400 lines is the alarm: split the file by its concepts.
import { globSync, readFileSync } from 'node:fs';

const ALARM = 400;
const files = globSync('{src,tests,scripts,bench}/**/*.{ts,sh}');
if (files.length === 0) throw new Error('no file was seen');
const long = files
  .map(file => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > ALARM);
for (const { file, lines } of long) console.error(`${file}: ${lines} lines, more than ${ALARM}`);
if (long.length > 0) process.exit(1);
