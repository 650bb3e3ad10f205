import { expect, test } from 'vitest';
import { useRing } from './harness/ring.ts';
import { shell } from './harness/template.ts';

const ring = useRing();
const noteBoot = 'cat /proc/sys/kernel/random/boot_id >>/var/tmp/boots';
const countBoots = 'echo boots: $(sort -u /var/tmp/boots | wc -l)';

test('a guest that restarts is waited for; one that loses its sshd is not', async () => {
  const build = await ring.build({
    customize: [
      shell('asks-for-a-restart', noteBoot, 'sudo reboot'),
      // The connection breaks while the script still runs.
      shell('is-cut-off', noteBoot, countBoots, 'sudo systemctl reboot', 'sleep 600'),
      shell('runs-in-a-third-boot', noteBoot, countBoots),
      shell('ends-sshd', 'sudo systemctl stop ssh.socket ssh.service || true', 'sudo pkill -x sshd', 'sleep 600'),
      shell('never-runs', 'true'),
    ],
  });
  const summary = await build.summary();
  const restarted = build.events.flatMap(event => (event.type === 'step-restarted-guest' ? [event.step.name] : []));
  expect(restarted).toEqual(['asks-for-a-restart', 'is-cut-off']);
  const output = build.events.flatMap(event => (event.type === 'step-output' ? [event.line] : []));
  expect(output).toEqual(expect.arrayContaining(['boots: 2', 'boots: 3']));
  expect(summary).toMatchObject({ exitCode: 1, status: 'Failed', error: { code: 'GuestConnectionLost' } });
  expect(summary.error?.message).toContain('ends-sshd');
  expect(summary.steps.map(step => step.ok)).toEqual([true, true, true, null, null]);
});
