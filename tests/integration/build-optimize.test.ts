import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { summarize } from '../../src/cli/render/summary.ts';
import { getRun } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, putFile, shell, stagesOf } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

const NEWEST = { apiVersion: '2025-10-01' };
const VM_BOOT = { vmBoot: { state: 'Enabled' } };
const workload = (scriptUri: string) => ({ workload: { state: 'Enabled', scriptUri } });

const NOTE_BOOT = 'cat /proc/sys/kernel/random/boot_id >>/var/tmp/boots';
const COUNT_BOOTS = 'echo boots: $(sort -u /var/tmp/boots | wc -l)';
/** What generalizes says how often the guest has been started, and what its menu is. */
const TELLS_MENU = [
  `printf '#!/bin/sh\\n%s\\n' 'cat /proc/sys/kernel/random/boot_id >>/var/tmp/boots' >/tmp/DeprovisioningScript.sh`,
  `echo '${COUNT_BOOTS}; grep timeout= /boot/grub/grub.cfg; cat /etc/default/grub.d/* 2>/dev/null; ls /var/tmp' >>/tmp/DeprovisioningScript.sh`,
];

/** As much of GRUB as writes a menu from its settings. */
const MKCONFIG = `#!/bin/sh
. /etc/default/grub
for x in /etc/default/grub.d/*.cfg; do [ -e "$x" ] && . "$x"; done
{
  echo '### BEGIN /etc/grub.d/00_header ###'
  echo "  set timeout=\${GRUB_RECORDFAIL_TIMEOUT:-30}"
  echo "  set timeout=$GRUB_TIMEOUT"
  echo '### END /etc/grub.d/00_header ###'
  echo "menuentry 'Linux' {"
} >"$2"
`;

/** Customizers that install GRUB, with a menu of the settings given, and run `commands` after it. */
async function withGrub(settings: string, mkconfig: string, ...commands: readonly string[]): Promise<object[]> {
  await putFile(site, 'grub-mkconfig', MKCONFIG);
  await putFile(site, 'later', mkconfig);
  return [
    { type: 'File', sourceUri: join(site.templates, 'grub-mkconfig'), destination: '/fake/bin/grub-mkconfig' },
    { type: 'File', sourceUri: join(site.templates, 'later'), destination: '/var/tmp/later' },
    shell(
      'installs-grub',
      'mkdir -p /boot/grub /etc/default/grub.d',
      `echo '${settings}' >/etc/default/grub`,
      'chmod 755 /fake/bin/grub-mkconfig /var/tmp/later',
      'grub-mkconfig -o /boot/grub/grub.cfg',
      'mv /var/tmp/later /fake/bin/grub-mkconfig',
      NOTE_BOOT,
      ...commands,
    ),
  ];
}

test('vmBoot takes the wait out of the boot menu and measures a restart before and after', async () => {
  const customize = await withGrub('GRUB_TIMEOUT=5', MKCONFIG, ...TELLS_MENU);
  const build = await site.build({ customize, optimize: VM_BOOT });
  expect(build.error).toBeUndefined();
  expect(stagesOf(build.events)).toEqual([
    ...['resolve', 'fetch', 'boot', 'customize', 'optimize', 'generalize', 'distribute'],
  ]);
  // The script that a customizer has put in place survives the two restarts, which empty /tmp, and nothing is left of that.
  expect(build.output.slice(build.output.indexOf('boots: 2'))).toEqual([
    'boots: 2',
    ...['  set timeout=0', '  set timeout=0', 'GRUB_TIMEOUT=0', 'GRUB_RECORDFAIL_TIMEOUT=0', 'boots'],
  ]);
  expect(site.driver.machines[0]?.restarts).toBe(2);

  const vmBoot = {
    beforeSeconds: expect.any(Number),
    afterSeconds: expect.any(Number),
    done: ['boot menu: it does not wait any more (/etc/default/grub.d/99-no-boot-menu.cfg)'],
    left: ['caches: the guest does not run systemd'],
  };
  const optimized = build.events.find(event => event.type === 'boot-optimized');
  expect(optimized).toMatchObject(vmBoot);
  // A restart of these machines takes 0.3 s.
  expect(optimized?.beforeSeconds).toBeGreaterThan(0.2);
  expect(optimized?.afterSeconds).not.toBe(optimized?.beforeSeconds);
  expect(summarize(build.events, { runOutputs: [], logs: {} }).optimize).toEqual({ vmBoot });
  expect(await getRun(site.services.store, build.runId)).toMatchObject({ result: { optimize: { vmBoot } } });
  const log = await readFile(build.directory.customizationLog, 'utf8');
  expect(log).toMatch(/INFO A restart took \d+\.\d s and takes \d+\.\d s now/);
  expect(log).toContain('OUT done: boot menu');
});

test('a GRUB without a folder of settings has them in its one file', async () => {
  const mkconfig = MKCONFIG.replace(/^for x in.*\n/m, '');
  const customize = await withGrub('', mkconfig, ...TELLS_MENU.map(command => command.replace('grub.d/*', 'grub')));
  const settings = "printf 'GRUB_TIMEOUT=5\\nGRUB_TERMINAL=console' >/etc/default/grub";
  const build = await site.build({
    customize: [...customize, shell('sets', settings, 'grub-mkconfig -o /boot/grub/grub.cfg')],
    optimize: VM_BOOT,
  });
  expect(build.error).toBeUndefined();
  expect(build.events.find(event => event.type === 'boot-optimized')).toMatchObject({
    done: ['boot menu: it does not wait any more (/etc/default/grub)'],
  });
  expect(build.output.slice(build.output.indexOf('boots: 2'))).toEqual([
    ...['boots: 2', '  set timeout=0', '  set timeout=0'],
    ...['GRUB_TERMINAL=console', 'GRUB_TIMEOUT=0', 'GRUB_RECORDFAIL_TIMEOUT=0', 'boots'],
  ]);
});

test.each([
  ['a menu that does not wait', 'GRUB_TIMEOUT=0\nGRUB_RECORDFAIL_TIMEOUT=0', 'boot menu: it does not wait'],
  ['no GRUB', undefined, 'boot menu: there is no GRUB'],
])('with %s there is nothing to do, and one restart to measure', async (_, settings, left) => {
  const customize = settings === undefined ? [] : await withGrub(settings, MKCONFIG, 'ls /etc/default/grub.d');
  const build = await site.build({ customize, optimize: VM_BOOT });
  expect(build.error).toBeUndefined();
  const optimized = build.events.find(event => event.type === 'boot-optimized');
  expect(optimized).toMatchObject({ done: [], left: [left, 'caches: the guest does not run systemd'] });
  expect(optimized?.afterSeconds).toBe(optimized?.beforeSeconds);
  expect(site.driver.machines[0]?.restarts).toBe(1);
});

test.each([
  ['fails', 'echo half >"$2"; echo no room; exit 1'],
  ['finds no kernel', 'echo "### BEGIN /etc/grub.d/00_header ###" >"$2"'],
  ['waits whatever it is told', `${MKCONFIG}\nsed -i 's/timeout=0/timeout=7/' "$2"`],
])('everything stays as it was when GRUB %s', async (_, mkconfig) => {
  const customize = await withGrub('GRUB_TIMEOUT=5', `#!/bin/sh\n# default/grub.d\n${mkconfig}`, ...TELLS_MENU);
  const build = await site.build({ customize, optimize: VM_BOOT });
  expect(build.error).toBeUndefined();
  expect(build.events.find(event => event.type === 'boot-optimized')).toMatchObject({
    done: [],
    left: ['boot menu: GRUB cannot write one that does not wait', 'caches: the guest does not run systemd'],
  });
  expect(build.output.slice(build.output.indexOf('boots: 2'))).toEqual([
    ...['boots: 2', '  set timeout=30', '  set timeout=5', 'boots'],
  ]);
});

test('the workload’s script runs after the restarts, as the last step of the build VM, and may restart it too', async () => {
  const lines = ['#!/bin/sh', NOTE_BOOT, COUNT_BOOTS, 'echo build: $PACKER_BUILD_NAME', 'reboot'];
  const scriptUri = await putFile(site, 'tune.sh', `${lines.join('\n')}\n`);
  const optimize = { ...VM_BOOT, ...workload(scriptUri) };
  const build = await site.build({ customize: [shell('notes', NOTE_BOOT, ...TELLS_MENU)], optimize }, NEWEST);
  expect(build.error).toBeUndefined();
  const started = build.events.find(event => event.type === 'run-started');
  const ref = { phase: 'optimize', index: 1, total: 1, type: 'Shell', name: 'tune.sh' };
  expect(started?.steps.at(-1)).toEqual(ref);
  expect(build.output).toEqual(expect.arrayContaining(['boots: 2', 'build: test', 'boots: 3']));
  expect(build.events.flatMap(event => (event.type === 'step-restarted-guest' ? [event.step] : []))).toEqual([ref]);
  const { steps } = summarize(build.events, { runOutputs: [], logs: {} });
  expect(steps.at(-1)).toMatchObject({ phase: 'optimize', index: 1, exitCode: 0, ok: true });
  expect(await readFile(build.directory.customizationLog, 'utf8')).toContain('==> [1/1] Shell tune.sh: done');
});

test('a failing script for the workload fails the build like a customizer, and its machine can be kept', async () => {
  const scriptUri = await putFile(site, 'tune.sh', '#!/bin/sh\necho tuning\nexit 9\n');
  const errorHandling = { onCustomizerError: 'abort' };
  const build = await site.build({ optimize: workload(scriptUri), errorHandling }, NEWEST);
  expect(build.error).toMatchObject({
    ...{ code: 'WorkloadOptimizationFailed', exit: 1, target: 'properties.optimize.workload.scriptUri' },
    ...{ output: ['tuning'], log: build.directory.customizationLog },
  });
  expect(build.error?.message).toBe('The workload optimization `tune.sh` ended with exit code 9.');
  expect(stagesOf(build.events).at(-1)).toBe('optimize');
  expect(build.events.some(event => event.type === 'machine-kept')).toBe(true);
  expect(await site.storedFiles()).toEqual([]);
  expect(site.driver.machines.map(machine => machine.restarts)).toEqual([0]);
});

test('a guest that is lost while it is optimized ends the build', async () => {
  const scriptUri = await putFile(site, 'tune.sh', '#!/bin/sh\nmachine drop\nsleep 600\n');
  const build = await site.build({ optimize: workload(scriptUri) }, NEWEST);
  expect(build.error).toMatchObject({ code: 'GuestConnectionLost', exit: 1 });
  expect(await site.leftovers()).toEqual([]);
});

test('a script for the workload is fetched before anything boots', async () => {
  const optimize = workload(join(site.templates, 'absent.sh'));
  const build = await site.build({ optimize }, NEWEST);
  expect(stagesOf(build.events).at(-1)).toBe('fetch');
  expect(build.error?.target).toBe('properties.optimize.workload.scriptUri');
  expect(site.driver.machines).toEqual([]);
});

test('the tags for what a build makes are kept with its run', async () => {
  const build = await site.build({ managedResourceTags: { team: 'web' } });
  expect(build.error).toBeUndefined();
  expect(await getRun(site.services.store, build.runId)).toMatchObject({
    result: { managedResourceTags: { team: 'web' }, optimize: null },
  });
});

test('what no build can give is refused by name before the source is got', async () => {
  const identity =
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/a';
  const subnetId =
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s';
  const build = await site.build(
    { vmProfile: { userAssignedIdentities: [identity], vnetConfig: { subnetId } } },
    NEWEST,
  );
  expect(build.error).toMatchObject({ code: 'FeatureUnavailable', exit: 2 });
  expect(build.error?.details.map(({ target }) => target)).toEqual([
    'properties.vmProfile.userAssignedIdentities[0]',
    'properties.vmProfile.vnetConfig.subnetId',
  ]);
  expect(build.events.some(event => event.type === 'source-resolved')).toBe(false);
  expect(site.driver.machines).toEqual([]);
});

test('a step for Windows is refused before anything is fetched or boots', async () => {
  const customize = [shell('fits', 'true'), { type: 'PowerShell', inline: ['dir'] }, { type: 'WindowsUpdate' }];
  const build = await site.build({ customize });
  expect(build.error).toMatchObject({ code: 'UnsupportedCustomizerType', exit: 2 });
  expect(build.error?.details.map(({ target }) => target)).toEqual([
    'properties.customize[1].type',
    'properties.customize[2].type',
  ]);
  expect(stagesOf(build.events)).toEqual(['resolve']);
  expect(site.driver.machines).toEqual([]);
});
