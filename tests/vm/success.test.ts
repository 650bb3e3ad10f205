import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestFile } from '../../src/disk/digest.ts';
import { readVhdFooter, VHD_FOOTER_BYTES } from '../../src/disk/vhd-footer.ts';
import type { Generation } from '../../src/machine/machine.ts';
import { bootVhd, type InGuest } from './harness/boot-image.ts';
import type { KilnBuild } from './harness/kiln-process.ts';
import { textsIn } from './harness/raw-bytes.ts';
import { useRing } from './harness/ring.ts';
import { definitionId, managedImage, managedImageId, shell, vhd } from './harness/template.ts';
import { CHECKOUT } from './harness/test-home.ts';

const GIB = 2 ** 30;
const DISK_GIB = 10;
const ring = useRing();

interface Output {
  readonly name: string;
  readonly type: string;
  readonly artifactId?: string;
  readonly artifactUri?: string;
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

interface Published {
  readonly id: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly copies: readonly { readonly region: string; readonly path: string }[];
}

/** The example of the README, with a larger disk, a managed image as a third target, and a file that is an image's own. */
async function webServer(): Promise<string> {
  const directory = join(ring.at.templates, 'web-server');
  await cp(join(CHECKOUT, 'examples/web-server'), directory, { recursive: true });
  const file = join(directory, 'template.json');
  const resource = JSON.parse(await readFile(file, 'utf8')) as {
    properties: { vmProfile: object; distribute: object[] };
  };
  resource.properties.vmProfile = { vmSize: 'Standard_B2s', osDiskSizeGB: DISK_GIB };
  resource.properties.distribute.push(managedImage('web-server-image'));
  await writeFile(file, JSON.stringify(resource));
  return file;
}

/** The parts of a run's keys that are in no other run: base64 lines of what its seed and its key file hold. */
async function secretsOf(build: KilnBuild): Promise<string[]> {
  const { runId } = await build.event('a first step', event => event.type === 'step-started');
  const machine = join(ring.at.home.runs, runId, 'build-vm');
  const texts = await Promise.all(['id_ed25519', 'known_hosts', 'seed.iso'].map(name => readFile(join(machine, name))));
  const lines = texts.flatMap(text => text.toString('latin1').match(/[A-Za-z0-9+/=]{40,}/g) ?? []);
  // What a key begins with is the same in all keys.
  return [...new Set(lines)].filter(line => !line.startsWith('b3BlbnNzaC1rZXktdjEA')).map(line => line.slice(-30));
}

test('the example is built, published to all three kinds of targets, and what was published works', async () => {
  const build = ring.buildFile(await webServer());
  const secrets = await secretsOf(build);
  // The login key, its public half, the host key and its public half.
  expect(secrets.length).toBeGreaterThanOrEqual(8);
  const summary = await build.summary();

  expect(summary.error).toBeNull();
  expect(summary).toMatchObject({
    exitCode: 0,
    status: 'Succeeded',
    source: {
      name: 'Debian:debian-12:12-gen2:latest',
      exactVersion: expect.stringMatching(/^Debian:debian-12:12-gen2:12/),
    },
    steps: [
      { phase: 'customize', index: 1, type: 'Shell', name: 'setupBuildPath', exitCode: 0, ok: true },
      { phase: 'customize', index: 2, type: 'Shell', name: 'installWebServer', exitCode: 0, ok: true },
      { phase: 'customize', index: 3, type: 'File', name: 'siteContent', exitCode: 0, ok: true },
      { phase: 'customize', index: 4, type: 'Shell', name: 'publishSite', exitCode: 0, ok: true },
      { phase: 'validate', index: 1, type: 'Shell', name: 'webServerAnswers', exitCode: 0, ok: true },
    ],
  });
  expect(summary.seconds).toBeGreaterThan(summary.steps.reduce((sum, step) => sum + step.seconds, 0));
  for (const log of ['customization', 'validation', 'serial', 'validation-serial', 'events']) {
    expect((await stat(summary.logs[log] ?? '')).size, log).toBeGreaterThan(0);
  }

  const outputs = summary.runOutputs as readonly Output[];
  expect(outputs.map(({ name, type }) => ({ name, type }))).toEqual([
    { name: 'web-server-vhd', type: 'VHD' },
    { name: 'web-server-gallery', type: 'SharedImage' },
    { name: 'web-server-image', type: 'ManagedImage' },
  ]);
  for (const output of outputs) {
    expect((await stat(output.path)).size, output.name).toBe(output.sizeBytes);
    expect(await digestFile(output.path), output.name).toBe(output.digest);
  }
  const shown = (await ring.json('runs', 'show', summary.runId)) as { status: string; runOutputs: readonly Output[] };
  expect(shown.status).toBe('Succeeded');
  expect(new Set(shown.runOutputs.map(({ path }) => path))).toEqual(new Set(outputs.map(({ path }) => path)));

  const [file, version] = outputs;
  if (file === undefined || version === undefined) throw new Error('three outputs were expected');
  const gallery = (await ring.json('image', 'show', 'web-server-gallery')) as Published;
  expect(gallery.id).toBe(version.artifactId);
  expect(gallery.copies.map(({ region }) => region)).toEqual(['westeurope', 'northeurope']);
  for (const copy of gallery.copies) expect(await digestFile(copy.path), copy.region).toBe(gallery.digest);

  const { footer, fileBytes } = await readVhdFooter(file.path);
  expect(footer).toMatchObject({ diskType: 'fixed', checksumValid: true, currentSizeBytes: DISK_GIB * GIB });
  expect(fileBytes).toBe(DISK_GIB * GIB + VHD_FOOTER_BYTES);
  expect((await stat(file.path)).blocks * 512).toBeLessThan(2.5 * GIB);
  expect(await textsIn(file.path, secrets)).toEqual([]);
  // The search finds what is there.
  expect(await textsIn(file.path, ['This machine was started from an image built by Kiln'])).toHaveLength(1);

  const machineIds = [];
  for (const generation of ['V1', 'V2'] as const) {
    machineIds.push(await bootVhd(ring.at, file.path, generation, run => visit(run, generation)));
  }
  expect(new Set(machineIds).size).toBe(2);
  expect(await digestFile(file.path)).toBe(file.digest);
});

/** What whoever starts a machine from the image finds. Returns the machine's id. */
async function visit(run: InGuest, generation: Generation): Promise<string> {
  expect(await run('[ -d /sys/firmware/efi ] && echo V2 || echo V1')).toBe(generation);
  expect(await run('systemctl is-active nginx')).toBe('active');
  expect(await run('curl -fsS http://localhost/')).toContain('built by Kiln');
  expect(await run('whoami; hostname')).toBe('visitor\nvisited');
  const accounts =
    '/etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/subuid /etc/subgid /etc/sudoers /etc/sudoers.d';
  const older = '/etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-';
  expect(await run(`sudo grep -rlw packer ${accounts} ${older} 2>/dev/null || true`)).toBe('');
  expect(await run('ls /home; sudo ls /var/mail /var/spool/cron/crontabs 2>/dev/null || true')).not.toContain('packer');
  expect(await run('sudo find / -xdev -nouser 2>/dev/null')).toBe('');
  expect(await run('ls /tmp /var/tmp')).not.toMatch(/kiln|Deprovisioning/);
  // The build user could write to it for a while.
  expect(await run("stat -c '%U:%G %a' /etc/motd")).toBe('root:root 644');
  const rootBytes = Number(await run('df --output=size -B1 / | tail -n 1'));
  expect(rootBytes).toBeGreaterThan((DISK_GIB - 1) * GIB);
  const machineId = await run('cat /etc/machine-id');
  expect(machineId).toMatch(/^[0-9a-f]{32}$/);
  return machineId;
}

test('what was published is a source: of a build by gallery version, of a mere validation by managed image', async () => {
  const first = await ring.build({
    name: 'base',
    customize: [shell('leaves-a-mark', 'echo base | sudo tee /etc/made-by-test')],
    distribute: [
      { type: 'SharedImage', runOutputName: 'base', galleryImageId: definitionId('base') },
      managedImage('base-image'),
    ],
  });
  const base = await first.summary();
  expect(base.error).toBeNull();
  const published = base.runOutputs[0] as Output;
  expect(published.artifactId).toMatch(/\/versions\/\d+\.\d+\.\d+$/);

  const second = await ring.build({
    name: 'derived',
    source: { type: 'SharedImageVersion', imageVersionId: `${definitionId('base')}/versions/latest` },
    customize: [shell('finds-the-mark', 'grep base /etc/made-by-test')],
    distribute: [vhd('derived-vhd')],
  });
  const derived = await second.summary();
  expect(derived).toMatchObject({ error: null, status: 'Succeeded', source: { digest: published.digest } });
  expect(derived.source?.exactVersion).toBe(published.artifactId);

  const third = await ring.build({
    name: 'check',
    source: { type: 'ManagedImage', imageId: managedImageId('base-image') },
    customize: [],
    validate: { sourceValidationOnly: true, inVMValidations: [shell('mark', 'grep base /etc/made-by-test')] },
  });
  const check = await third.summary();
  expect(check).toMatchObject({ error: null, status: 'Succeeded', runOutputs: [] });
  expect(check.steps).toMatchObject([{ phase: 'validate', name: 'mark', ok: true }]);
});
