import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BuildSite, buildSite, shell } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

const NOTE_BOOT = 'cat /proc/sys/kernel/random/boot_id >>/var/tmp/boots';
const COUNT_BOOTS = 'echo boots: $(sort -u /var/tmp/boots | wc -l)';

test('a guest that restarts in a step is waited for, whether the step ends before or is cut off', async () => {
  const build = await site.build({
    customize: [
      shell('asks', NOTE_BOOT, 'sudo reboot'),
      shell('is-cut-off', NOTE_BOOT, COUNT_BOOTS, 'sudo systemctl reboot', 'sleep 600'),
      shell('goes-on', NOTE_BOOT, COUNT_BOOTS, 'test -x /tmp/DeprovisioningScript.sh'),
    ],
  });
  expect(build.error).toBeUndefined();
  expect(build.output.filter(line => line.startsWith('boots'))).toEqual(['boots: 2', 'boots: 3']);
  const restarted = build.events.flatMap(event => (event.type === 'step-restarted-guest' ? [event.step.name] : []));
  expect(restarted).toEqual(['asks', 'is-cut-off']);
  // A step of which nobody knows how it ended counts as done, as the restart was its own.
  const ends = build.events.flatMap(event => (event.type === 'step-finished' ? [event.ok] : []));
  expect(ends).toEqual([true, true, true]);
  // A restart empties /tmp, and with it goes the script that generalizes.
  expect(build.said.filter(message => message.includes('has its default content again'))).toHaveLength(2);
  expect(site.driver.machines).toHaveLength(1);
});

test('a step that fails and restarts the guest has failed', async () => {
  const build = await site.build({ customize: [shell('fails', 'sudo reboot; exit 6'), shell('never-runs', 'true')] });
  expect(build.error).toMatchObject({ code: 'StepFailed', target: 'properties.customize[0]' });
  expect(build.error?.message).toContain('exit code 6');
});

test('a connection that breaks without a restart fails the step', async () => {
  const build = await site.build({
    customize: [shell('drops', 'machine drop', 'sleep 600'), shell('never-runs', 'true')],
  });
  expect(build.error).toMatchObject({ code: 'GuestConnectionLost', exit: 1 });
  expect(build.error?.message).toContain('step `drops` ran (the guest is still in the same boot)');
  expect(build.events.some(({ type }) => type === 'step-restarted-guest')).toBe(false);
  expect(site.driver.machines[0]?.end?.how).toBe('stopped');
  expect(await site.leftovers()).toEqual([]);
});

test('a validator may restart its machine', async () => {
  const inVMValidations = [shell('restarts', NOTE_BOOT, 'sudo reboot'), shell('checks', NOTE_BOOT, COUNT_BOOTS)];
  const build = await site.build({ validate: { inVMValidations } });
  expect(build.error).toBeUndefined();
  expect(build.output).toContain('boots: 2');
});

test('a guest that does not come back from its restart is given up with the run', async () => {
  const build = await site.build(
    { customize: [shell('restarts', 'sudo reboot')] },
    {
      timeoutSeconds: 3,
      onEvent: event => {
        if (event.type === 'step-started') site.driver.behaviour = { silent: ['build'] };
      },
    },
  );
  expect(build).toMatchObject({ status: 'TimedOut', error: { code: 'BuildTimedOut' } });
  expect(build.error?.message).toContain('in stage customize');
  expect(await site.leftovers()).toEqual([]);
});
