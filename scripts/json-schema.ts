// Prevents: a JSON Schema for editors that says other things than the checks. It is generated from them; `--write` writes it, and
// without that the file has to be what would be written.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { imageTemplateJsonSchema } from '../src/template/json-schema.ts';

const FILE = 'schemas/image-template.schema.json';

const text = `${JSON.stringify(imageTemplateJsonSchema(), null, 2)}\n`;
if (process.argv.includes('--write')) {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
  console.error(`${FILE} is stale: run \`npm run schema -- --write\``);
  process.exit(1);
}
