import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { QmpClient, QmpError } from './qmp.ts';

type Request = { readonly execute: string; readonly id: number };

let directory: string;
let path: string;
let server: Server;
let sockets: Socket[];
let answer: (request: Request, socket: Socket) => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-qmp-'));
  path = join(directory, 'qmp.sock');
  sockets = [];
  answer = ({ id }, socket) => socket.write(`${JSON.stringify({ return: {}, id })}\r\n`);
  server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    createInterface({ input: socket }).on('line', line => {
      const request = JSON.parse(line) as Request;
      if (request.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${request.id}}\r\n`);
      else answer(request, socket);
    });
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(directory, { recursive: true });
});

const ignore = () => undefined;

test('answers find their questions, in whatever order they come', async () => {
  const waiting: number[] = [];
  answer = ({ id }, socket) => {
    waiting.push(id);
    if (waiting.length < 2) return;
    for (const done of waiting.reverse()) socket.write(`${JSON.stringify({ return: done, id: done })}\r\n`);
  };
  const client = await QmpClient.connect(path, ignore);
  const [first, second] = await Promise.all([client.execute('a'), client.execute('b')]);
  expect(Number(second)).toBe(Number(first) + 1);
  client.close();
});

test('a refusal is a QmpError with its reason', async () => {
  answer = ({ id }, socket) => socket.write(`${JSON.stringify({ error: { desc: 'no such thing' }, id })}\r\n`);
  const client = await QmpClient.connect(path, ignore);
  await expect(client.execute('a')).rejects.toThrow(new QmpError('no such thing'));
  client.close();
});

test('events are handed on, however the bytes are cut, and those before the end before it', async () => {
  const events: string[] = [];
  const client = await QmpClient.connect(path, (name, data) => events.push(`${name} ${JSON.stringify(data)}`));
  const [socket] = sockets;
  const bytes = Buffer.from('{"event": "RESET", "data": {"guest": true}}\r\nnot JSON\r\nnull\r\n{"event": "STOP"}\r\n');
  for (const byte of bytes) {
    socket?.write(Buffer.from([byte]));
    await new Promise(resolve => setImmediate(resolve));
  }
  socket?.end();
  await client.closed;
  expect(events).toEqual(['RESET {"guest":true}', 'STOP {}']);
});

test('when the connection ends, what waits is rejected, and what comes later too', async () => {
  answer = (_, socket) => socket.destroy();
  const client = await QmpClient.connect(path, ignore);
  await expect(client.execute('a')).rejects.toThrow('has ended');
  await expect(client.execute('b')).rejects.toThrow('has ended');
});

test('closing rejects what waits, and leaves no timer', async () => {
  answer = ignore;
  const client = await QmpClient.connect(path, ignore);
  const pending = client.execute('a');
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const during = timers();
  client.close();
  await expect(pending).rejects.toThrow(QmpError);
  expect(timers()).toBe(during - 1);
});

test('a message without end ends the connection', async () => {
  answer = (_, socket) => {
    for (let i = 0; i < 64; i++) socket.write('x'.repeat(64 * 1024));
  };
  const client = await QmpClient.connect(path, ignore);
  await expect(client.execute('a')).rejects.toThrow('has ended');
});

test('nobody there, or nobody who speaks QMP', async () => {
  await expect(QmpClient.connect(join(directory, 'no.sock'), ignore)).rejects.toThrow('ENOENT');
  const rude = createServer(socket => socket.destroy()).listen(join(directory, 'rude.sock'));
  await new Promise(resolve => rude.once('listening', resolve));
  await expect(QmpClient.connect(join(directory, 'rude.sock'), ignore)).rejects.toThrow(QmpError);
  rude.close();
});
