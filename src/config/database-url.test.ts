import { expect, test } from 'vitest';
import { databaseName, databaseUrlProblem } from './database-url.ts';

test.each([
  ['postgres://kiln:secret@db.example.com:5433/kiln', 'postgres://db.example.com:5433/kiln'],
  ['postgresql://db/kiln?sslmode=require&password=secret', 'postgres://db/kiln'],
  ['postgres:///kiln?host=/run/postgresql&user=kiln&password=secret', 'postgres:/kiln at /run/postgresql'],
  ['postgres://kiln:secret@/kiln?host=/run/postgresql', 'postgres:/kiln at /run/postgresql'],
  ['postgres://kiln:secret@%2Frun%2Fpostgresql/kiln', 'postgres:/kiln at /run/postgresql'],
  ['postgres://kiln:secret@[::1]:5432/kiln', 'postgres://[::1]:5432/kiln'],
])('%s is shown without its password', (url, shown) => {
  expect(databaseUrlProblem(url)).toBeUndefined();
  expect(databaseName(url)).toBe(shown);
});

test.each([
  ['kiln:secret', 'only a PostgreSQL database'],
  ['secret', 'no URL'],
  ['mysql://kiln:secret@db/kiln', 'only a PostgreSQL database'],
  ['postgres://kiln:secret@db', 'the database is missing'],
  ['postgres://kiln:secret@db:notaport/kiln', 'no URL'],
])('%s is refused without being repeated', (url, reason) => {
  expect(databaseUrlProblem(url)).toContain(reason);
  expect(databaseUrlProblem(url)).not.toContain('secret');
});
