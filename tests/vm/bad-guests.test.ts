import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useRing } from './harness/ring.ts';
import { platformImage, shell } from './harness/template.ts';

const ring = useRing();

test('output without end is taken for as long as the build is wanted, in bounded memory', async () => {
  const build = await ring.build({
    customize: [shell('floods', "tr '\\0' x </dev/zero >&2 &", 'exec yes flood')],
  });
  await build.event('a flood', event => event.type === 'step-output' && event.seq > 30_000);
  const status = await readFile(`/proc/${build.pid}/status`, 'utf8');
  build.signal('SIGINT');
  const asked = performance.now();
  expect(await build.summary()).toMatchObject({ exitCode: 130, status: 'Canceled' });
  expect(performance.now() - asked).toBeLessThan(30_000);
  expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(700 * 1024);
});

test('a guest whose disk is full fails the step that finds it so', async () => {
  const fill = [
    'n=0',
    'for size in 1G 100M 10M 1M 64K 4K; do',
    '  while sudo fallocate -l $size /var/fill.$n 2>/dev/null; do n=$((n+1)); done',
    '  sudo rm -f /var/fill.$n',
    'done',
    'df -h /',
  ];
  const build = await ring.build({ customize: [shell('fills', ...fill), shell('has-no-room', 'echo hello')] });
  const summary = await build.summary();
  expect(summary.steps).toMatchObject([
    { name: 'fills', ok: true },
    { name: 'has-no-room', ok: false },
  ]);
  expect(summary).toMatchObject({ exitCode: 1, status: 'Failed', error: { code: 'StepFailed' }, runOutputs: [] });
  expect(summary.error?.output?.join('\n')).toContain('No space left on device');
});

test('a disk that nothing boots from ends with the time limit', async () => {
  const disk = join(ring.at.root, 'blank.raw');
  await writeFile(disk, '');
  await truncate(disk, 2 ** 20);
  await addSource('Test:blank:v2', disk, 'V2');
  const build = await ring.build({ source: platformImage('Test', 'blank', 'v2') }, '--timeout', '15s');
  const summary = await build.summary();
  expect(summary).toMatchObject({ exitCode: 5, status: 'TimedOut', error: { code: 'BuildTimedOut' } });
  expect(summary.error?.message).toContain('in stage boot');
  const screenshot = await readFile(summary.logs['screenshot'] ?? '');
  expect(screenshot.subarray(1, 4).toString()).toBe('PNG');
  expect(summary.stderr).toContain(`Screenshot of the build VM: ${summary.logs['screenshot']}`);
  expect(summary.seconds).toBeLessThan(60);
});

test('a guest that powers off in its boot ends the build at once, with what it printed', async () => {
  const disk = join(ring.at.root, 'off.raw');
  await writeFile(disk, powerOffSector('The guest says goodbye.\r\n'));
  await truncate(disk, 2 ** 20);
  await addSource('Test:off:v1', disk, 'V1');
  const build = await ring.build({ source: platformImage('Test', 'off', 'v1') });
  const summary = await build.summary();
  expect(summary).toMatchObject({ exitCode: 1, status: 'Failed', error: { code: 'MachineStopped' } });
  expect(summary.error?.message).toContain('The build VM stopped by itself');
  expect(summary.error?.output?.join('\n')).toContain('The guest says goodbye.');
  expect(summary.error?.log).toBe(summary.logs['serial']);
  expect(summary.seconds).toBeLessThan(120);
});

test('a source disk that was damaged is refused before anything boots', async () => {
  const disk = join(ring.at.root, 'damaged.raw');
  await writeFile(disk, 'x');
  await truncate(disk, 2 ** 20);
  const { digest } = await addSource('Test:damaged:v2', disk, 'V2');
  const stored = join(ring.at.home.sources, 'disks', `${digest.replace(':', '-')}.qcow2`);
  await rm(stored);
  await writeFile(stored, 'this is no disk');
  const build = await ring.build({ source: platformImage('Test', 'damaged', 'v2') });
  const summary = await build.summary();
  expect(summary).toMatchObject({ status: 'Failed', error: { code: 'ToolFailed' }, runOutputs: [] });
  expect(summary.error?.message).toContain('`qemu-img` failed');
  expect(summary.error?.output?.join('\n')).toContain('not in qcow2 format');
  expect(build.events.some(event => event.type === 'machine-started')).toBe(false);
});

async function addSource(name: string, file: string, generation: 'V1' | 'V2'): Promise<{ readonly digest: string }> {
  const args = ['--version', '1.0.0', '--format', 'raw', '--generation', generation];
  const { exitCode, stdout, stderr } = await ring.kiln('source', 'add', name, file, ...args);
  expect(exitCode, stderr).toBe(0);
  return { digest: /kdt1:[0-9a-f]{64}/.exec(stdout)?.[0] ?? '' };
}

/** A boot sector that writes a text to the first serial port and powers the machine off through ACPI. */
function powerOffSector(text: string): Buffer {
  const sector = Buffer.alloc(512);
  const code = [
    ...[0x31, 0xc0, 0x8e, 0xd8], // ds = 0
    ...[0xbe, 0x1c, 0x7c, 0xba, 0xf8, 0x03], // si = text, dx = serial port
    ...[0xac, 0x08, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // write until zero
    ...[0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef], // power management: sleep state 5
    ...[0xf4, 0xeb, 0xfd], // halt
  ];
  sector.set(code);
  sector.write(text, code.length, 'latin1');
  sector.set([0x55, 0xaa], 510);
  return sector;
}
