import { describe, expect, it } from 'vitest';
import { resolved, source, template } from '../plan/plan.fixture.ts';
import { makePlan, planHash } from '../plan/plan.ts';
import { renderPlan } from './plan-view.ts';

describe('renderPlan', () => {
  it('says what will run and what will be published', () => {
    const of = template({ vmProfile: { vmSize: 'Standard_D4s_v5', osDiskSizeGB: 16 } });
    const plan = makePlan(of, resolved(of));
    expect(renderPlan(plan)).toBe(`\
Template    web (API version 2024-02-01, westus2)
Source      Debian:debian-12:12-gen2:12.20260101.1
            kd1:0000000000000000000000000000000000000000000000000000000000000000
            Linux, generation 2, 8.0 GiB
Build VM    Standard_D4s_v5: 2 processors, 8.0 GiB of memory
            disk of 16.0 GiB (grown)
Time limit  240 minutes
On error    customize: cleanup, validate: cleanup

Customize
  [1/3] Shell setup.sh
        https://example.com/setup.sh?sig=*** (1.0 KiB, sha256:${'ab'.repeat(32)})
  [2/3] Shell greet
        $ echo hello
        $ cat <<E …
  [3/3] File /tmp/site.conf
        site.conf (1.0 KiB, sha256:${'ab'.repeat(32)})
        to /tmp/site.conf

Validate
  [1/1] Shell check.sh
        check.sh (1.0 KiB, sha256:${'ab'.repeat(32)})

  Distributes even if a validator fails.

Distribute
  disk: VHD
        tags team=web
  gallery: gallery version /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/main/images/web, next version
        eastus: 1 replica, Standard_LRS

Note: Standard_D4s_v5 has 4 processors, this machine can give 2: the build VM gets 2.
Note: Standard_D4s_v5 has 16 GiB of memory, this machine can give 8 GiB: the build VM gets 8 GiB.

Plan        sha256:${planHash(plan)}`);
  });

  it('says what only some templates ask for', () => {
    const workload = { state: 'Enabled', scriptUri: 'tune.sh' };
    const of = template(
      {
        optimize: { vmBoot: { state: 'Enabled' }, workload },
        additionalDataDisks: [{ sizeGB: 4 }],
        autoRun: { state: 'Enabled' },
        managedResourceTags: { team: 'web', cost: '7' },
        stagingResourceGroup: '/subscriptions/s/resourceGroups/staging',
      },
      { apiVersion: '2025-10-01' },
    );
    const brought = { lun: 3, path: '/blob', digest: 'kdt1:0', virtualSizeBytes: 2 ** 30 };
    const text = renderPlan(makePlan(of, resolved(of, { source: { ...source, dataDisks: [brought] } })));
    expect(text).toContain('            data disk 0 of 4.0 GiB\n            data disk 3 of 1.0 GiB (of the source)\n');
    expect(text).toContain('Auto run    enabled');
    expect(text).toContain('Staging     /subscriptions/s/resourceGroups/staging\nBuild tags  team=web, cost=7\n');
    expect(text).toContain(
      `Optimize\n  the boot, measured before and after\n  [1/1] Shell tune.sh\n        tune.sh (1.0 KiB, sha256:${'ab'.repeat(32)})\n\nValidate`,
    );
  });

  it('lets no control character of a template reach the terminal', () => {
    const of = template({ customize: [{ type: 'Shell', name: 'a\u001b[31mb\u0007', inline: ['echo \u009b2J'] }] });
    expect(renderPlan(makePlan(of, resolved(of)))).not.toMatch(/[^\n\P{Cc}]/u);
  });
});
