import { describe, expect, it } from 'vitest';
import type { SourceDisk } from '../sources/source-disk.ts';
import { planDataDisks, vhdWarnings } from './data-disks.ts';
import { GIB, resolved, source, template } from './plan.fixture.ts';
import { makePlan, planHash } from './plan.ts';

const NEWEST = { apiVersion: '2025-10-01' };
const disk = (lun: number) => ({ lun, path: `/blobs/${lun}`, digest: `kdt1:${lun}`, virtualSizeBytes: 5 * GIB });
const withDisks = (...luns: readonly number[]): SourceDisk => ({ ...source, dataDisks: luns.map(disk) });
const adding = (count: number, more: object = {}) =>
  template({ additionalDataDisks: Array.from({ length: count }, () => ({ sizeGB: 2 })), ...more }, NEWEST);

describe('data disks of source and template', () => {
  it('come together in the order of their LUNs', () => {
    const of = adding(2);
    const plan = makePlan(of, resolved(of, { source: withDisks(2, 63) }));
    expect(plan.machine.dataDisks).toEqual([
      { lun: 0, sizeBytes: 2 * GIB, from: 'template' },
      { lun: 1, sizeBytes: 2 * GIB, from: 'template' },
      { lun: 2, sizeBytes: 5 * GIB, from: 'source' },
      { lun: 63, sizeBytes: 5 * GIB, from: 'source' },
    ]);
    expect(plan.notes).toEqual([]);
  });

  it('cannot have one LUN, and every clash is named with its place', () => {
    const of = adding(3);
    const make = () => makePlan(of, resolved(of, { source: withDisks(0, 2) }));
    expect(make).toThrow(
      'The data disk at LUN 0 is one of the source Debian:debian-12:12-gen2:12.20260101.1: the template cannot add another there.',
    );
    const target = (lun: number) => `properties.additionalDataDisks[${lun}]`;
    expect(make).toThrow(
      expect.objectContaining({
        code: 'DataDiskLunTaken',
        exit: 2,
        details: [expect.objectContaining({ target: target(0) }), expect.objectContaining({ target: target(2) })],
      }),
    );
    const small = adding(1, { vmProfile: { osDiskSizeGB: 1 } });
    expect(() => makePlan(small, resolved(small, { source: withDisks(0) }))).toThrow(
      expect.objectContaining({ details: [{}, {}].map((_, i) => expect.objectContaining({ code: CODES[i] })) }),
    );
  });

  it('are those of the source alone where only the source is validated', () => {
    const validate = { sourceValidationOnly: true, inVMValidations: [{ type: 'Shell', inline: ['true'] }] };
    const of = adding(2, { validate });
    const plan = makePlan(of, resolved(of, { source: withDisks(0) }));
    expect(plan.machine.dataDisks).toEqual([{ lun: 0, sizeBytes: 5 * GIB, from: 'source' }]);
    expect(plan.warnings).toEqual([]);
  });

  it('count for the hash of the plan by what is on them, wherever they lie', () => {
    const of = adding(0);
    const hash = (dataDisks: SourceDisk['dataDisks']) =>
      planHash(makePlan(of, resolved(of, { source: { ...source, dataDisks } })));
    expect(hash([{ ...disk(0), path: '/elsewhere' }])).toBe(hash([disk(0)]));
    const others = [[], [disk(0)], [disk(1)], [{ ...disk(0), digest: 'kdt1:other' }]].map(hash);
    expect(new Set(others).size).toBe(others.length);
  });
});

const CODES = ['OsDiskTooSmall', 'DataDiskLunTaken'];

describe('a VHD of an image with data disks', () => {
  it('is warned of by its path, and nothing else is', () => {
    const of = adding(1);
    expect(makePlan(of, resolved(of, { source: withDisks(5) })).warnings).toEqual([
      {
        code: 'DataDisksNotInVhd',
        severity: 'warning',
        target: 'properties.distribute[0]',
        message:
          'A VHD holds the disk with the operating system alone: the data disks of the image (LUN 0, 5) are not in it.',
      },
    ]);
    expect(vhdWarnings(of, planDataDisks(adding(0), source))).toEqual([]);
  });
});
