import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');

const readySchema = z.object({
  url: z.string(),
  pid: z.number(),
  authority: z.string(),
  administrator: z.object({ clientId: z.string(), secret: z.string() }),
});

/** A service on a home of its own. */
export interface BenchedService extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly authority: string;
  readonly token: string;
  /** Sends a request that has to succeed; resolves with the body. */
  ask(method: string, path: string, body?: object): Promise<string>;
}

export async function startService(home: string): Promise<BenchedService> {
  const child = spawn(join(ROOT, 'kiln'), ['serve', '--port', '0', '--output', 'json', '--log-level', 'warn'], {
    env: { ...process.env, KILN_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url, pid, authority, administrator } = readySchema.parse(JSON.parse(line));
  const ca = await readFile(authority);
  const send = (method: string, path: string, headers: Record<string, string>, body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), { method, headers, ca }, async answer => {
        const parts: Buffer[] = [];
        for await (const part of answer) parts.push(part as Buffer);
        const text = Buffer.concat(parts).toString();
        if ((answer.statusCode ?? 500) < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: administrator.clientId,
    client_secret: administrator.secret,
    scope: `${url}/.default`,
  });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const { access_token: token } = z
    .object({ access_token: z.string() })
    .parse(JSON.parse(await send('POST', '/adfs/oauth2/token', type, form.toString())));
  return {
    ...{ url, pid, authority, token },
    ask: (method, path, body) =>
      send(
        method,
        path,
        { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body === undefined ? '' : JSON.stringify(body),
      ),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export interface Peer extends AsyncDisposable {
  readonly url: string;
}

/** @param bodies path to the file whose bytes are the answer */
export async function startPeer(home: string, bodies: Readonly<Record<string, string>>): Promise<Peer> {
  const service = join(home, 'service');
  const given = { certificate: join(service, 'server.pem'), key: join(service, 'server.key'), bodies };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peer.ts'), JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { port } = z.object({ port: z.number() }).parse(JSON.parse(line));
  return {
    url: `https://localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Memory that a process has in RAM, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
}

export async function runLoad(asked: object): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'load.ts'),
    JSON.stringify(asked),
  ]);
  return stdout;
}
