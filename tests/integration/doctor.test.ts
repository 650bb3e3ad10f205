import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DoctorOptions, doctorExitCode, patientOf, runDoctor } from '../../src/cli/doctor.ts';
import { networkHint } from '../../src/cli/network-hint.ts';
import { parseSiteConfig } from '../../src/config/site-config.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';

const PROGRAMS = [
  ...['qemu-system-x86_64', 'qemu-img', 'bwrap', 'setpriv', 'unshare', 'pasta', 'ip', 'socat', 'genisoimage'],
  ...['mmdebstrap', 'newuidmap', 'newgidmap', 'sfdisk', 'mke2fs', 'gpgv', 'ssh'],
];

/** A machine like this one whose packages come from mirror.example, with programs and `/etc` to break. */
async function machine(allow: readonly string[] = []) {
  const root = await mkdtemp(join(tmpdir(), 'kiln-doctor-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o755);
  const [bin, etc] = [join(root, 'bin'), join(root, 'etc')] as const;
  for (const directory of [bin, join(etc, 'apt')]) await mkdir(directory, { recursive: true });
  for (const program of PROGRAMS) await symlink(pathOf(program), join(bin, program));
  for (const file of ['subuid', 'subgid']) await copyFile(join('/etc', file), join(etc, file));
  await writeFile(join(etc, 'apt/sources.list'), 'deb http://mirror.example/debian bookworm main\n');
  const home = kilnHome({ KILN_HOME: join(root, 'home') });
  const config = parseSiteConfig(JSON.stringify({ network: { allow } }), home.config);
  const options: DoctorOptions = {
    path: bin,
    etc,
    resolve: async () => [{ address: '10.77.1.2', family: 4 }],
  };
  return { bin, etc, patient: patientOf(home, config, options), findings: () => runDoctor(home, config, options) };
}

function pathOf(program: string): string {
  const environment = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return execaSync('sh', ['-c', `command -v ${program}`], { env: environment }).stdout;
}

async function findingsByName(findings: ReturnType<typeof runDoctor>) {
  return new Map((await findings).map(finding => [finding.name, finding]));
}

describe('doctor', () => {
  test('finds that this machine can build, by trying', async () => {
    const { findings } = await machine();
    const all = await findings();
    expect(all.filter(finding => finding.ok === 'missing')).toEqual([]);
    expect(doctorExitCode(all)).toBe(0);
    const names = all.map(finding => finding.name);
    expect(names).toEqual(expect.arrayContaining(['Node.js', 'socat', 'UEFI firmware', 'accelerator', 'memory']));
    expect(all.find(finding => finding.name === 'database')?.found).toMatch(/^SQLite, to be made: .*kiln\.db$/);
    const tried = ['build user', 'user namespaces', 'subordinate ids', '/dev/net/tun', 'build network'];
    for (const name of tried) expect(all.find(finding => finding.name === name)?.ok, name).toBe('ok');
  });

  test('names the lines that open a package mirror in a private range', async () => {
    const closed = await findingsByName((await machine(['10.5.0.0/16'])).findings());
    const finding = closed.get('package mirror mirror.example');
    expect(finding).toMatchObject({ ok: 'warning', found: 'closed to builds: 10.77.1.2 (private)' });
    expect(finding?.mend).toMatch(/config\.yaml:\nnetwork:\n {2}allow:\n {4}- 10\.5\.0\.0\/16\n {4}- 10\.77\.1\.2$/);
    const open = await findingsByName((await machine(['10.77.0.0/16'])).findings());
    expect(open.get('package mirror mirror.example')).toMatchObject({ ok: 'ok' });
  });

  test('a step that could not reach its mirror is told how to open it, any other is left alone', async () => {
    const { patient } = await machine();
    const failed = ['E: Failed to fetch http://mirror.example/x  Unable to connect to mirror.example:http:', 'E: bye'];
    const hint = await networkHint(failed, patient);
    expect(hint.map(({ text }) => text.trim())).toEqual(
      expect.arrayContaining([
        'hint: package mirror mirror.example: closed to builds: 10.77.1.2 (private)',
        '- 10.77.1.2',
      ]),
    );
    expect(await networkHint(['make: *** [all] Error 2'], patient)).toEqual([]);
    const open = await machine(['10.77.0.0/16']);
    const resolver = (line: { readonly text: string }) => line.text.startsWith('hint: package mirror');
    expect((await networkHint(failed, open.patient)).filter(resolver)).toEqual([]);
  });

  test('a tool that is not there is missing, with the command that installs it', async () => {
    const { bin, findings } = await machine();
    await rm(join(bin, 'socat'));
    const all = await findings();
    expect(all.find(finding => finding.name === 'socat')).toEqual({
      name: 'socat',
      ok: 'missing',
      found: `not in ${bin}; needed for the connection to build VMs`,
      mend: 'apt-get install socat',
    });
    expect(doctorExitCode(all)).toBe(3);
  });

  test('a tool that only recipes need is a warning', async () => {
    const { bin, findings } = await machine();
    await rm(join(bin, 'mmdebstrap'));
    expect((await findingsByName(findings())).get('mmdebstrap')).toMatchObject({ ok: 'warning' });
  });

  test('user namespaces that the kernel refuses are missing, in its words', async () => {
    const { bin, findings } = await machine();
    const refusal = 'bwrap: setting up uid map: Permission denied';
    await rm(join(bin, 'bwrap'));
    await writeFile(join(bin, 'bwrap'), `#!/bin/sh\necho '${refusal}' >&2\nexit 1\n`, { mode: 0o755 });
    const all = await findingsByName(findings());
    expect(all.get('user namespaces')).toMatchObject({ ok: 'missing', found: refusal });
    expect(all.get('user namespaces')?.mend).not.toBe('');
    expect(all.get('build network')).toMatchObject({ ok: 'missing' });
  });

  test('too few subordinate ids are missing, with the command that gives them', async () => {
    const { etc, findings } = await machine();
    await writeFile(join(etc, 'subgid'), 'somebody-else:100000:65536\n');
    expect((await findingsByName(findings())).get('subordinate ids')).toMatchObject({
      ok: 'missing',
      found: expect.stringContaining(join(etc, 'subgid')),
      mend: expect.stringContaining('--add-subgids'),
    });
  });
});
