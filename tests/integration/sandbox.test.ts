import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildUser, directoryForBuildUser, giveToBuildUser } from '../../src/sandbox/build-user.ts';
import { groupGone, killGroup } from '../../src/sandbox/process-group.ts';
import { runTool } from '../../src/sandbox/tool.ts';
import { nodeProcess, running, stillRunning } from './machine-processes.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-sandbox, a:b-'));
  await chmod(directory, 0o755);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function shell(script: string, options: Parameters<typeof runTool>[2] = {}): Promise<string> {
  return (await runTool('sh', ['-c', script], options)).stdout;
}

describe('a tool', () => {
  test('is the build user without privileges or a way to get some', async () => {
    expect(await shell('id -u')).toBe(String((await buildUser()).uid));
    const status = await shell('cat /proc/self/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(status).toMatch(new RegExp(`^${set}:\\s0+$`, 'm'));
    }
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(await shell('unshare --user true 2>&1 || echo refused')).toContain('refused');
  });

  test('sees the paths that are named, and writes only those that are writable', async () => {
    const [readable, writable, hidden] = ['readable, x', 'writable', 'hidden'].map(name => join(directory, name));
    for (const path of [readable, writable, hidden]) {
      await writeFile(path ?? '', 'before\n');
      await giveToBuildUser(path ?? '');
    }
    const script = `
      ls "${directory}"; ls /
      cat "${readable}"
      echo after >"${writable}"
      { echo after >"${readable}"; } 2>/dev/null || echo refused
      ls /proc | grep -c '^[0-9]'`;
    const options = { readable: [readable ?? ''], writable: [writable ?? ''] };
    const lines = (await shell(script, options)).split(/\s+/);
    expect(lines).not.toContain('hidden');
    expect(lines).not.toContain('home');
    expect(lines).not.toContain('root');
    expect(lines).toContain('before');
    expect(lines).toContain('refused');
    // Itself, the first process of its namespace, and the pipe.
    expect(Number(lines.at(-1))).toBeLessThanOrEqual(5);
    expect(await readFile(writable ?? '', 'utf8')).toBe('after\n');
    expect(await readFile(readable ?? '', 'utf8')).toBe('before\n');
  });

  test('has no network: not this machine, not anything else', async () => {
    const server = createServer(socket => socket.end('reached')).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const reach = `bash -c 'cat </dev/tcp/127.0.0.1/${port}' 2>&1 || echo refused; tail -n +3 /proc/net/dev | cut -d: -f1`;
    expect((await shell(reach)).split(/\s+/).slice(-2)).toEqual(['refused', 'lo']);
    server.close();
  });

  test('ended by an abort is gone when the caller hears of it, with all that it started', async () => {
    const marker = randomUUID();
    const abort = new AbortController();
    const tool = runTool('sh', ['-c', 'sleep 1000 & sh -c "sleep 1000; :" $0; :', marker], { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('now')), 400);
    await expect(tool).rejects.toThrow('now');
    expect(await running(marker)).toEqual([]);
  });

  test('aborted at any moment leaves nothing', async () => {
    for (const ms of [0, 1, 3, 6, 10, 15, 25]) {
      const marker = randomUUID();
      const tool = runTool('sleep', [`1000.${ms}`], {
        signal: AbortSignal.timeout(ms),
        environment: { MARKER: marker },
      });
      await expect(tool).rejects.toThrow();
      expect(await running(`1000.${ms}`), `${ms} ms`).toEqual([]);
    }
  });

  test('dies with the process that runs it', async () => {
    const marker = randomUUID();
    const parent = nodeProcess('sandbox-process.ts', [marker]);
    await parent.line();
    expect((await running(marker)).length).toBeGreaterThan(1);
    parent.child.kill('SIGKILL');
    expect(await stillRunning(marker)).toEqual([]);
  });

  test('that is missing, fails, or can not reach its file says so', async () => {
    await expect(runTool('no-such-tool', [])).rejects.toMatchObject({ code: 'ToolMissing' });
    const failed = runTool('sh', ['-c', 'echo why >&2; exit 3']);
    await expect(failed).rejects.toMatchObject({ code: 'ToolFailed', output: ['why'] });
    await expect(failed).rejects.toThrow('exit code 3: why');
    const unreachable = runTool('true', [], { readable: [join(directory, 'missing')] });
    await expect(unreachable).rejects.toMatchObject({ code: 'ToolFailed' });
    await expect(unreachable).rejects.toThrow('missing: No such file or directory');
  });
});

describe('a directory for the build user', () => {
  test('can be reached by it under any umask', async () => {
    const before = process.umask(0o077);
    try {
      await directoryForBuildUser(join(directory, 'one', 'two', 'three'));
    } finally {
      process.umask(before);
    }
    const path = join(directory, 'one', 'two', 'three');
    for (const made of [join(directory, 'one'), join(directory, 'one', 'two'), path]) {
      expect((await stat(made)).mode & 0o777, made).toBe(0o755);
    }
    expect((await stat(path)).uid).toBe((await buildUser()).uid);
    await shell(`echo x >"${path}/file"`, { writable: [path] });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('x\n');
  });

  test('a link in it is not followed when it is given away', async () => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    await writeFile(target, '');
    await symlink(target, link);
    await giveToBuildUser(link);
    expect((await stat(target)).uid).toBe(process.getuid?.());
  });

  test('one that exists keeps its mode', async () => {
    const path = join(directory, 'exists');
    await mkdir(path);
    await chmod(path, 0o700);
    await directoryForBuildUser(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });
});

test('a group that does not exist, or would be everybody, is not killed', async () => {
  for (const leader of [undefined, 0, 1, 4_194_000]) {
    killGroup(leader);
    await groupGone(leader);
  }
});
