import { expect, test } from 'vitest';
import { bootVhd } from '../harness/boot-image.ts';
import { useRing } from '../harness/ring.ts';
import { shell, vhd } from '../harness/template.ts';

const ring = useRing();
const GIB = 2 ** 30;

/** In seconds: long enough to be seen beside the differences between two boots. */
const MENU_WAITS = 60;

const TUNE = `#!/bin/sh
set -e
echo "tunes as $(id -un)"
echo 'vm.swappiness = 10' | sudo tee /etc/sysctl.d/60-tuned.conf
`;

test('data disks, vmBoot and workload work together in one build, and the image boots without its menu', async () => {
  const file = await ring.write(
    {
      apiVersion: '2025-10-01',
      customize: [
        shell('sees-its-disks', 'lsblk --nodeps --bytes --noheadings --output SERIAL,SIZE | sort'),
        shell(
          'writes-to-one',
          'sudo mkfs.ext4 -q /dev/disk/by-id/virtio-lun1',
          'sudo blkid -o value -s TYPE /dev/disk/by-id/virtio-lun1',
        ),
        shell(
          'has-a-menu-that-waits',
          `echo GRUB_TIMEOUT=${MENU_WAITS} | sudo tee /etc/default/grub.d/60-menu.cfg`,
          'sudo update-grub',
          // Of its own, and in /tmp, which every restart empties.
          "echo 'echo generalizes in its own way' >>/tmp/DeprovisioningScript.sh",
        ),
      ],
      optimize: {
        vmBoot: { state: 'Enabled' },
        workload: { state: 'Enabled', scriptUri: 'tune.sh' },
      },
      additionalDataDisks: [{ sizeGB: 3 }, { sizeGB: 20000 }],
      validate: {
        inVMValidations: [shell('sees-what-was-written', 'sudo blkid -t TYPE=ext4 /dev/disk/by-id/virtio-lun1')],
      },
      distribute: [vhd('tuned')],
    },
    { 'tune.sh': TUNE },
  );
  const build = ring.buildFile(file);
  const summary = await build.summary();
  expect(summary.error).toBeNull();
  const output = build.events.flatMap(event => (event.type === 'step-output' ? [event.line] : []));
  const disks = output.flatMap(line => /^(lun\d+) +(\d+)$/.exec(line)?.slice(1) ?? []);
  expect(disks).toEqual(['lun0', String(3 * GIB), 'lun1', String(20000 * GIB)]);
  expect(output).toEqual(expect.arrayContaining(['ext4', 'generalizes in its own way']));

  const { vmBoot } = summary.optimize;
  expect(vmBoot).toMatchObject({
    done: ['boot menu: it does not wait any more (/etc/default/grub.d/99-no-boot-menu.cfg)'],
    left: ['caches: this system keeps them up to date when it installs packages'],
    systemd: { beforeSeconds: expect.any(Number), afterSeconds: expect.any(Number) },
  });
  // The menu comes before what systemd counts. The rest of two boots differs by what else this machine has to do.
  const saved = (times: { beforeSeconds: number; afterSeconds: number }) => times.beforeSeconds - times.afterSeconds;
  if (vmBoot?.systemd === undefined) throw new Error('systemd said nothing');
  expect(saved(vmBoot) - saved(vmBoot.systemd)).toBeGreaterThan(MENU_WAITS / 3);

  expect(summary.steps.map(step => [step.phase, step.name, step.ok])).toEqual([
    ...['sees-its-disks', 'writes-to-one', 'has-a-menu-that-waits'].map(name => ['customize', name, true]),
    ['optimize', 'tune.sh', true],
    ['validate', 'sees-what-was-written', true],
  ]);
  expect(output).toContain('tunes as packer');
  const logins = build.events.filter(event => event.type === 'waiting' && event.role === 'build' && event.index === 1);
  expect(logins).toHaveLength(3);
  expect(await ring.json('runs', 'show', summary.runId)).toMatchObject({ result: { optimize: { vmBoot } } });

  const path = summary.runOutputs[0]?.path ?? '';
  await bootVhd(ring.at, path, 'V2', async run => {
    expect(await run('cat /proc/sys/vm/swappiness')).toBe('10');
    expect(await run("sudo grep -c 'set timeout=[1-9]' /boot/grub/grub.cfg || true")).toBe('0');
    expect(await run('ls /var/tmp | grep kiln || true')).toBe('');
  });
});
