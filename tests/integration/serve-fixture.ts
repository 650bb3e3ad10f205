import { readFileSync } from 'node:fs';
import type { ClientRequestArgs, IncomingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import { type CliSite, KILN } from './cli-fixture.ts';

const readyLine = z.object({
  url: z.string(),
  port: z.number(),
  pid: z.number(),
  tenantId: z.string(),
  authority: z.string().nullable(),
  administrator: z.object({ clientId: z.string(), secret: z.string(), objectId: z.string() }).optional(),
});

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sent as the bearer token. */
  readonly token?: string;
}

/** `kiln serve` as a child process, and a client that trusts its authority. */
export interface RunningService extends AsyncDisposable {
  readonly ready: z.output<typeof readyLine>;
  readonly agent: Agent;
  ask(path: string, asking?: Asking): Promise<ServiceAnswer>;
  /** A form to the token endpoint. */
  askToken(form: Readonly<Record<string, string>>): Promise<ServiceAnswer>;
  /** A token of a client for Resource Manager. */
  token(clientId: string, secret: string): Promise<string>;
  /** Lines of the log so far that are JSON. */
  log(): readonly Record<string, unknown>[];
  stderr(): string;
  /** Sends a signal, SIGTERM by default, and waits for the end. */
  stop(
    signal?: NodeJS.Signals,
  ): Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
}

/** Starts the service on the site's home, on a port that the system chooses. */
export async function startService(site: CliSite, ...args: readonly string[]): Promise<RunningService> {
  const child = execa(KILN, ['serve', '--port', '0', '--output', 'json', ...args], {
    env: site.environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    forceKillAfterDelay: false,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const first = new Promise<string>(resolve => {
    // What is printed of an error is a document of several lines.
    createInterface({ input: child.stdout }).on('line', line => line.startsWith('{"url":') && resolve(line));
  });
  const early = child.then(({ exitCode }) => {
    throw new Error(`kiln serve ended with ${exitCode} before it listened:\n${stderr}`);
  });
  const ready = readyLine.parse(JSON.parse(await Promise.race([first, early])));
  early.catch(() => undefined);
  const agent = new Agent({
    keepAlive: true,
    ...(ready.authority === null ? {} : { ca: readFileSync(ready.authority) }),
  });
  const service: RunningService = {
    ...{ ready, agent },
    ask: (path, asking = {}) => send(new URL(ready.url), { agent, path }, asking),
    askToken: form =>
      service.ask('/adfs/oauth2/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      }),
    token: async (clientId, secret) => {
      const answer = await service.askToken(credentials(ready.url, clientId, secret));
      const { access_token: token } = answer.json();
      if (typeof token !== 'string') throw new Error(`no token: ${answer.text}`);
      return token;
    },
    log: () => stderr.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line)] : [])),
    stderr: () => stderr,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const { exitCode, signal: killer } = await child;
      agent.destroy();
      return { exitCode, signal: killer };
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await child;
      agent.destroy();
    },
  };
  return service;
}

/** The form that `az` sends. */
export function credentials(url: string, clientId: string, secret: string): Record<string, string> {
  return {
    client_id: clientId,
    grant_type: 'client_credentials',
    client_info: '1',
    client_secret: secret,
    claims: '{"access_token": {"xms_cc": {"values": ["CP1"]}}}',
    scope: `${url}/.default`,
  };
}

/** The path is sent as it is, not as a URL would have it. */
function send(base: URL, where: ClientRequestArgs & { agent: Agent }, asking: Asking): Promise<ServiceAnswer> {
  const { method = 'GET', headers = {}, body, token } = asking;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        ...where,
        host: base.hostname,
        servername: base.hostname,
        port: base.port,
        method,
        headers: { ...headers, ...authorization },
      },
      response => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(parts).toString();
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, text, json: () => JSON.parse(text) });
        });
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
