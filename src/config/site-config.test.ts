import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { kilnHome } from '../home/kiln-home.ts';
import { loadSiteConfig, parseSiteConfig } from './site-config.ts';

const FILE_URL = 'postgres://kiln:S3same@db/file';
const VARIABLE_URL = 'postgres://kiln:S3same@db/variable';

function homeWith(config: string) {
  const root = mkdtempSync(join(tmpdir(), 'kiln-config-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const home = kilnHome({ KILN_HOME: root });
  writeFileSync(home.config, config);
  return home;
}

test('the variable with the database goes before the file', () => {
  const home = homeWith(`database: ${FILE_URL}`);
  expect(loadSiteConfig(home, {}).database).toBe(FILE_URL);
  expect(loadSiteConfig(home, { KILN_DATABASE: '' }).database).toBe(FILE_URL);
  expect(loadSiteConfig(home, { KILN_DATABASE: VARIABLE_URL }).database).toBe(VARIABLE_URL);
  expect(loadSiteConfig(homeWith(''), {}).database).toBeUndefined();
});

test.each([
  ['a database without a name', 'database: postgres://kiln:S3same@db', 'ConfigInvalid', '`database`'],
  ['another kind of database', 'database: mysql://kiln:S3same@db/kiln', 'ConfigInvalid', '`database`'],
  ['a quote that is left open', 'database: "postgres://kiln:S3same@db/kiln', 'ConfigUnreadable', 'line 1'],
])('%s in the file is refused, and the password is not repeated', (_, text, code, where) => {
  expect.assertions(3);
  try {
    parseSiteConfig(text, 'config.yaml');
  } catch (error) {
    expect(error instanceof KilnError && error.code).toBe(code);
    expect(String(error)).toContain(where);
    expect(`${String(error)} ${error instanceof Error ? String(error.cause) : ''}`).not.toContain('S3same');
  }
});

test('a variable that is no database is refused by its name', () => {
  const load = () => loadSiteConfig(homeWith(''), { KILN_DATABASE: 'sqlite:S3same' });
  expect(load).toThrow(/`KILN_DATABASE`: only a PostgreSQL database/);
  expect(load).not.toThrow(/S3same/);
});
