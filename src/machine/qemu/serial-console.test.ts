import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SerialConsole } from './serial-console.ts';

let directory: string;
let log: string;
let server: Server;
let console: SerialConsole;
let guest: Socket;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-serial-'));
  log = join(directory, 'serial.log');
  const path = join(directory, 'serial.sock');
  const connected = new Promise<Socket>(resolve => {
    server = createServer(resolve);
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  console = new SerialConsole(path, log);
  guest = await connected;
});

afterEach(async () => {
  console.close();
  guest.destroy();
  server.close();
  await rm(directory, { recursive: true });
});

async function says(content: string | Buffer): Promise<void> {
  guest.end(content);
  await console.closed;
}

test('the last lines are kept without their ends, an unfinished one too; the log has every byte', async () => {
  const text = 'Booting\r\r\n\r\nKernel panic: ü\r\nlogin: ';
  await says(text);
  expect(console.tail(3)).toEqual(['', 'Kernel panic: ü', 'login: ']);
  expect(console.tail(10)).toHaveLength(4);
  expect(await readFile(log, 'utf8')).toBe(text);
});

test('a line without end and lines without number take a bounded part of memory', async () => {
  await says(Buffer.concat([Buffer.from('\n'.repeat(100_000)), Buffer.alloc(1_000_000, 'x')]));
  const lines = console.tail(1_000_000);
  expect(lines.length).toBeLessThanOrEqual(501);
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(4096);
});

test('a flood of carriage returns is read as fast as anything else', async () => {
  const start = performance.now();
  await says(Buffer.alloc(2 * 1024 * 1024, '\r'));
  expect(performance.now() - start).toBeLessThan(3000);
  expect(console.tail(1)).toEqual(['']);
});

test('the log stops at its limit', async () => {
  await says(Buffer.alloc(17 * 1024 * 1024, 'x'));
  expect((await stat(log)).size).toBeLessThan(16 * 1024 * 1024 + 200);
});
