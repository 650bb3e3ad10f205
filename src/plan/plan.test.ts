import { describe, expect, it } from 'vitest';
import { SHA } from '../template/example.fixture.ts';
import { GIB, resolved, source, template } from './plan.fixture.ts';
import { artifactNeeds, makePlan, planHash } from './plan.ts';

const NEWEST = { apiVersion: '2025-10-01' };
const STAGING = '/subscriptions/s/resourceGroups/staging';
const CHECK = { type: 'Shell', inline: ['true'] };
const EVERYTHING = {
  optimize: {
    vmBoot: { state: 'Enabled' },
    workload: { state: 'Enabled', scriptUri: 'tune.sh', sha256Checksum: SHA },
  },
  additionalDataDisks: [{ sizeGB: 4 }, { sizeGB: 1024 }],
  autoRun: { state: 'Enabled' },
  managedResourceTags: { team: 'web' },
  stagingResourceGroup: STAGING,
};

describe('artifactNeeds', () => {
  it('names every file with its JSON path and checksum', () => {
    expect(artifactNeeds(template())).toEqual([
      {
        uri: 'https://example.com/setup.sh?sig=secret',
        sha256: SHA,
        path: 'properties.customize[0].scriptUri',
        kind: 'script',
      },
      { uri: 'site.conf', sha256: '', path: 'properties.customize[2].sourceUri', kind: 'file' },
      { uri: 'check.sh', sha256: '', path: 'properties.validate.inVMValidations[0].scriptUri', kind: 'script' },
    ]);
  });

  it('needs nothing of customizers that will not run', () => {
    const validate = { sourceValidationOnly: true, inVMValidations: [{ type: 'Shell', scriptUri: 'check.sh' }] };
    expect(artifactNeeds(template({ validate })).map(need => need.uri)).toEqual(['check.sh']);
  });
});

describe('makePlan', () => {
  it('names each step by its name or by what it does, with its files', () => {
    const of = template();
    const { steps, validators } = makePlan(of, resolved(of));
    expect(steps.map(one => one.ref)).toEqual([
      { phase: 'customize', index: 1, total: 3, type: 'Shell', name: 'setup.sh' },
      { phase: 'customize', index: 2, total: 3, type: 'Shell', name: 'greet' },
      { phase: 'customize', index: 3, total: 3, type: 'File', name: '/tmp/site.conf' },
    ]);
    expect(steps.map(one => one.artifacts.map(file => file.sha256))).toEqual([[SHA], [], [SHA]]);
    expect(validators.map(one => one.ref.name)).toEqual(['check.sh']);
  });

  it('takes the default size of the generation, capped by this machine', () => {
    const of = template();
    expect(makePlan(of, resolved(of)).machine).toMatchObject({ vmSize: 'Standard_D2ds_v4', cpus: 2, memoryMiB: 8192 });
    expect(makePlan(of, resolved(of)).notes).toEqual([]);
    const first = makePlan(of, resolved(of, { source: { ...source, generation: 'V1' } })).machine;
    expect(first).toMatchObject({ vmSize: 'Standard_D1_v2', cpus: 1, memoryMiB: 3584 });
    const big = template({ vmProfile: { vmSize: 'standard_d16s_v5' } });
    const capped = makePlan(big, resolved(big));
    expect(capped.machine).toMatchObject({ vmSize: 'Standard_D16s_v5', cpus: 2, memoryMiB: 8192 });
    expect(capped.notes).toEqual([
      'Standard_D16s_v5 has 16 processors, this machine can give 2: the build VM gets 2.',
      'Standard_D16s_v5 has 64 GiB of memory, this machine can give 8 GiB: the build VM gets 8 GiB.',
    ]);
  });

  it('grows the disk and never shrinks it', () => {
    const size = (osDiskSizeGB: number) => {
      const of = template({ vmProfile: { osDiskSizeGB } });
      return makePlan(of, resolved(of)).machine.diskSizeBytes;
    };
    expect([size(0), size(8), size(9)]).toEqual([8 * GIB, 8 * GIB, 9 * GIB]);
    expect(() => size(7)).toThrow(
      '`osDiskSizeGB` is 7 GiB, but the disk of the source Debian:debian-12:12-gen2:12.20260101.1 has 8 GiB.',
    );
    expect(() => size(7)).toThrow(expect.objectContaining({ code: 'OsDiskTooSmall', exit: 2 }));
  });

  it('has no disk that is larger than a VHD that it is for', () => {
    const plan = (osDiskSizeGB: number, target: object) => {
      const of = template({ vmProfile: { osDiskSizeGB }, distribute: [target] });
      return makePlan(of, resolved(of)).machine.diskSizeBytes;
    };
    const vhd = { type: 'VHD', runOutputName: 'disk' };
    expect(plan(2040, vhd)).toBe(2040 * GIB);
    expect(() => plan(2041, vhd)).toThrow(
      expect.objectContaining({ code: 'DiskTooLargeForVhd', target: 'properties.distribute[0]' }),
    );
    const imageId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i';
    expect(plan(4095, { type: 'ManagedImage', runOutputName: 'i', imageId, location: 'westus' })).toBe(4095 * GIB);
  });

  it('has the optimization, the data disks and what else the template states', () => {
    const of = template(EVERYTHING, NEWEST);
    const plan = makePlan(of, resolved(of));
    expect(plan).toMatchObject({
      machine: {
        dataDisks: [
          { lun: 0, sizeBytes: 4 * GIB },
          { lun: 1, sizeBytes: 1024 * GIB },
        ],
      },
      optimize: {
        vmBoot: true,
        workload: {
          ref: { phase: 'optimize', index: 1, total: 1, type: 'Shell', name: 'tune.sh' },
          step: { type: 'Shell', scriptUri: 'tune.sh', sha256Checksum: SHA },
          artifacts: [{ uri: 'tune.sh' }],
        },
      },
      autoRun: 'Enabled',
      managedResourceTags: { team: 'web' },
      stagingResourceGroup: STAGING,
    });
    expect(plan.notes).toEqual([]);
    expect(artifactNeeds(of).find(need => need.uri === 'tune.sh')).toEqual({
      ...{ uri: 'tune.sh', sha256: SHA, kind: 'script' },
      path: 'properties.optimize.workload.scriptUri',
    });
  });

  it('optimizes nothing that is not asked for or not built', () => {
    const off = { ...EVERYTHING, optimize: { vmBoot: { state: 'Disabled' }, workload: { state: 'Disabled' } } };
    const onlySource = { ...EVERYTHING, validate: { sourceValidationOnly: true, inVMValidations: [CHECK] } };
    for (const properties of [off, onlySource, {}]) {
      const of = template(properties, NEWEST);
      expect(artifactNeeds(of).map(need => need.uri)).not.toContain('tune.sh');
      expect(makePlan(of, resolved(of)).optimize).toEqual({ vmBoot: false, workload: undefined });
    }
  });

  it('neither customizes nor distributes when only the source is validated', () => {
    const validate = { sourceValidationOnly: true, inVMValidations: [{ type: 'Shell', inline: ['true'] }] };
    const of = template({ validate });
    expect(makePlan(of, resolved(of))).toMatchObject({ steps: [], targets: [], validators: [{}] });
  });

  it('takes a file that was not fetched for a defect', () => {
    const of = template();
    expect(() => makePlan(of, resolved(of, { artifacts: new Map() }))).toThrow('not fetched before planning');
  });
});

describe('planHash', () => {
  const of = template();
  const plan = makePlan(of, resolved(of));

  it('does not depend on where files lie or on the order of names', () => {
    const moved = resolved(of, { source: { ...source, path: '/elsewhere' } });
    const artifacts = new Map([...moved.artifacts].map(([uri, one]) => [uri, { ...one, path: '/other' }]));
    expect(planHash(makePlan(of, { ...moved, artifacts }))).toBe(planHash(plan));
    expect(planHash(Object.fromEntries(Object.entries(plan).reverse()) as unknown as typeof plan)).toBe(planHash(plan));
    expect(planHash(plan)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('depends on the content of every input', () => {
    const other = (changes: Parameters<typeof resolved>[1]) => planHash(makePlan(of, resolved(of, changes)));
    const changed = new Map(
      [...resolved(of).artifacts].map(([uri, one]) => [uri, { ...one, sha256: 'cd'.repeat(32) }]),
    );
    expect(other({ artifacts: changed })).not.toBe(planHash(plan));
    expect(other({ source: { ...source, digest: 'kd1:1' } })).not.toBe(planHash(plan));
    expect(other({ host: { cpus: 1, memoryMiB: 8192 } })).not.toBe(planHash(plan));
    const whole = template(EVERYTHING, NEWEST);
    const hashes = Object.keys(EVERYTHING).map(name => {
      const less = template({ ...EVERYTHING, [name]: undefined }, NEWEST);
      return planHash(makePlan(less, resolved(less)));
    });
    expect(new Set([...hashes, planHash(makePlan(whole, resolved(whole)))]).size).toBe(hashes.length + 1);
    const renamed = template({ customize: [{ type: 'Shell', inline: ['true'] }] });
    expect(planHash(makePlan(renamed, resolved(renamed)))).not.toBe(planHash(plan));
  });
});
