import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiln-repository-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the launcher', () => {
  function checkout(): string {
    const root = join(directory, 'a checkout');
    mkdirSync(join(root, 'src/cli'), { recursive: true });
    copyFileSync('kiln', join(root, 'kiln'));
    writeFileSync(
      join(root, 'src/cli/main.ts'),
      'const a: string[] = process.argv.slice(2); console.log(JSON.stringify(a));',
    );
    return root;
  }
  function install(root: string): void {
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
  }

  test('runs the checkout that it lies in, also through a chain of links and from elsewhere', async () => {
    const root = checkout();
    install(root);
    symlinkSync('a checkout/kiln', join(directory, 'first'));
    symlinkSync(join(directory, 'first'), join(directory, 'second'));
    const { stdout } = await execa(join(directory, 'second'), ['build', 'my template.json', ''], { cwd: '/' });
    expect(JSON.parse(stdout)).toEqual(['build', 'my template.json', '']);
  });

  test('without the npm packages it says what to run, and exits with 3', async () => {
    const { exitCode, stderr } = await execa(join(checkout(), 'kiln'), { reject: false });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('scripts/setup.sh');
  });

  test('an old system Node is not used', async () => {
    const root = checkout();
    mkdirSync(join(root, 'node_modules'));
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin/node'), '#!/bin/sh\necho 20\n', { mode: 0o755 });
    const env = { PATH: `${join(directory, 'bin')}:/usr/bin:/bin` };
    const { exitCode, stderr } = await execa(join(root, 'kiln'), { env, reject: false });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Node 24');
  });
});

describe('addresses of the package mirror and the resolver', () => {
  function configuration(files: Readonly<Record<string, string>>): string {
    mkdirSync(join(directory, 'apt/sources.list.d'), { recursive: true });
    writeFileSync(join(directory, 'os-release'), 'ID=debian\nVERSION_CODENAME=bookworm\n');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return directory;
  }
  const allowed = async (files: Readonly<Record<string, string>>): Promise<string> =>
    (await execa('sh', ['scripts/network-allow.sh', configuration(files)])).stdout;

  test('both forms of source entries are read; what is public, loopback or of other releases is left out', async () => {
    const list = [
      'deb http://10.1.2.3/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] https://user@192.168.7.1:8080/debian bookworm-updates main',
      '# deb http://10.9.9.9/debian bookworm main',
      'deb http://10.8.8.8/tools stable main',
      'deb http://9.9.9.9/debian bookworm main',
    ];
    const sources = [
      'Types: deb\nURIs: http://172.20.0.9/debian\n# a comment\nSuites: bookworm bookworm-updates\nComponents: main',
      'Types: deb\nURIs: http://172.20.0.10/other\nSuites: nodistro\nComponents: main',
      'Types: deb\nURIs: http://172.20.0.11/security\nSuites: bookworm-security\nComponents: main\n',
    ];
    const resolver =
      'search example\nnameserver 127.0.0.53\nnameserver 100.64.0.2\nnameserver fe80::1\nnameserver 1.1.1.1\n';
    expect(
      await allowed({
        'apt/sources.list': `${list.join('\n')}\n`,
        'apt/sources.list.d/debian.sources': sources.join('\n\n'),
        'resolv.conf': resolver,
      }),
    ).toBe('10.1.2.3,100.64.0.2,172.20.0.11,172.20.0.9,192.168.7.1');
  });

  test('nothing special-purpose: nothing is printed', async () => {
    expect(await allowed({ 'resolv.conf': 'nameserver 9.9.9.9\n' })).toBe('');
  });

  test.each(['172.15.0.1', '172.32.0.1', '100.128.0.1', '192.0.1.1', '198.20.0.1', '203.0.114.1', '11.0.0.1'])(
    '%s is an ordinary address',
    async address => {
      expect(await allowed({ 'resolv.conf': `nameserver ${address}\n` })).toBe('');
    },
  );
});
